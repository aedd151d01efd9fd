/** The licences of what is bundled: each asks that its text goes along. */
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";

/** The directory of the package that a bundled file is of; undefined for files of this repository. */
function packageOf(file: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file.split(path.sep).join("/"))?.[0];
}

function licenceOf(directory: string): string {
  const { name, version, license }: Record<string, unknown> = JSON.parse(
    readFileSync(path.join(directory, "package.json"), "utf8"),
  );
  const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? "" : readFileSync(path.join(directory, file), "utf8").trim();
  return `${String(name)} ${String(version)} (${String(license)})\n\n${text}\n`;
}

/** One text for the packages that these files are of, in the order of their names. */
export function licencesOf(files: Iterable<string>): string {
  const directories = new Set([...files].map(packageOf).filter((directory) => directory !== undefined));
  const texts = new Set([...directories].map(licenceOf));
  return [...texts].sort().join(`\n${"-".repeat(80)}\n\n`);
}
