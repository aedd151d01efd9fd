/** Prints "N passed, N failed" from vitest's JSON report; a check that fails before the tests counts as one failure. */
import { readFileSync } from "node:fs";

const [report = "", status = "1"] = process.argv.slice(2);

function totals() {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
    // A test file that cannot be loaded has no tests of its own to fail.
    const broken = testResults.filter(
      (file) => file.status === "failed" && file.assertionResults.length === 0,
    );
    return { passed: numPassedTests, failed: numFailedTests + broken.length };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

const { passed, failed } = totals();
const all = status !== "0" && failed === 0 ? 1 : failed;
console.log(`${passed} passed, ${all} failed`);
process.exitCode = all > 0 || passed === 0 ? 1 : 0;
