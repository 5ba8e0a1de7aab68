#!/usr/bin/env node
// The `troupe` command: hands this process to run() and leaves with its exit code.
import { run } from './run.ts';
import { processWorld } from './world.ts';

/** Follows package.json; a spec compares them. */
export const VERSION = '0.1.0';

process.exitCode = await run(process.argv.slice(2), processWorld(VERSION));
