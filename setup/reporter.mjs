// A jest reporter that writes how many specs passed and failed to the file named by TROUPE_SPEC_COUNTS.
import { writeFileSync } from 'node:fs';

export default class CountReporter {
  onRunComplete(_contexts, results) {
    const counts = {
      passed: results.numPassedTests,
      failed: results.numFailedTests,
      skipped: results.numPendingTests + results.numTodoTests,
      brokenFiles: results.numRuntimeErrorTestSuites,
    };
    writeFileSync(process.env.TROUPE_SPEC_COUNTS, JSON.stringify(counts));
  }
}
