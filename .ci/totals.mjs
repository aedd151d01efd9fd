/**
 * Prints "N passed, N failed" over several runs of vitest: arguments are pairs of a JSON report and an exit code. A run
 * that fails before its tests, or without one, counts as one failure.
 */
import { readFileSync } from "node:fs";

function totals(report, status) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
    // A test file that cannot be loaded has no tests of its own to fail.
    const broken = testResults.filter(
      (file) => file.status === "failed" && file.assertionResults.length === 0,
    );
    const failed = numFailedTests + broken.length;
    const silent = failed === 0 && (status !== "0" || numPassedTests === 0);
    return { passed: numPassedTests, failed: silent ? 1 : failed };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

const runs = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (let i = 0; i < runs.length; i += 2) {
  const run = totals(runs[i], runs[i + 1]);
  passed += run.passed;
  failed += run.failed;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
