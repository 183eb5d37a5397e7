// Adds up the Jest reports of one CI run and prints the closing line `N passed, N failed`. Fails when a suite ran no test.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
let passed = 0;
let failed = 0;
for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  console.log(`${name.replace('.json', '')}: ${report.numPassedTests} passed, ${report.numFailedTests} failed`);
  passed += report.numPassedTests;
  // A file that could not even be loaded has no failed tests, but it failed.
  failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
  if (report.numPassedTests === 0) failed++;
  for (const file of report.testResults.filter((result) => result.status === 'failed')) {
    console.log(`  failed: ${file.name.replace(process.cwd() + '/', '')}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
