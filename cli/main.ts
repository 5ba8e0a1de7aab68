#!/usr/bin/env node
// The `troupe` command: hands this process to run() and leaves with its exit code.
import { VERSION } from '../schemas/version.ts';
import { run } from './run.ts';
import { processWorld } from './world.ts';

process.exitCode = await run(process.argv.slice(2), processWorld(VERSION));
