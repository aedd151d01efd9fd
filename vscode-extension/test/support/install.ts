/** Brings the editors onto the machine, and packages the extension, once before all tests. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { EXTENSION } from "../../scripts/paths.js";

const HERE = path.join(EXTENSION, "test");
const VSCODE = path.join(HERE, "node_modules/code-server/lib/vscode");

/** Debian's packages by the program that each is needed for. */
const PACKAGES = {
  chromium: ["chromium"],
  nvim: ["neovim"],
  emacs: ["emacs-nox", "elpa-eglot"],
} as const;

/** Runs a program that brings `what` along; its output is shown only when it fails. */
function run(what: string, cwd: string, program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    const output: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => output.push(part));
    child.stderr.on("data", (part: Buffer) => output.push(part));
    child.on("error", reject);
    child.on("close", (code) => {
      const said = Buffer.concat(output).toString();
      if (code === 0) resolve();
      else
        reject(new Error(`${what} cannot be had: ${program} ${args.join(" ")} failed with ${code}\n${said}`));
    });
  });
}

function missing(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0;
}

async function installPrograms(): Promise<void> {
  const wanted = Object.entries(PACKAGES).flatMap(([program, packages]) =>
    missing(program) ? packages : [],
  );
  if (wanted.length === 0) return;
  if (missing("apt-get") || process.getuid?.() !== 0)
    throw new Error(`the editor tests need these Debian packages, please install them: ${wanted.join(" ")}`);
  const lock = ["-o", "DPkg::Lock::Timeout=300"];
  const what = `a package of Debian (${wanted.join(", ")})`;
  await run(what, HERE, "apt-get", [...lock, "update"]);
  await run(what, HERE, "apt-get", [...lock, "install", "-y", "--no-install-recommends", ...wanted]);
}

const QUIET = ["--no-audit", "--no-fund", "--loglevel=error"];

/** code-server brings VS Code along without the packages that VS Code itself needs. */
async function installVsCode(): Promise<void> {
  if (existsSync(path.join(VSCODE, "node_modules/.package-lock.json"))) return;
  const what = "VS Code from the npm registry";
  await run(what, HERE, "npm", ["ci", ...QUIET]);
  const production = ["install", "--omit=dev", "--ignore-scripts", ...QUIET];
  await run(what, path.join(VSCODE, "extensions"), "npm", production);
  await run(what, VSCODE, "npm", production);
}

async function packageExtension(): Promise<void> {
  const what = "the packaged extension";
  if (!existsSync(path.join(EXTENSION, "node_modules"))) await run(what, EXTENSION, "npm", ["ci", ...QUIET]);
  await run(what, EXTENSION, "npm", ["run", "package"]);
}

export default async function setup(): Promise<void> {
  await Promise.all([installPrograms(), installVsCode(), packageExtension()]);
}
