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

/** Runs a program; its output is shown only when it fails, with what to do about it. */
function run(cwd: string, program: string, args: readonly string[]): Promise<void> {
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
      if (code === 0) resolve();
      else
        reject(
          new Error(
            `${program} ${args.join(" ")} (in ${cwd}) failed with ${code}:\n${Buffer.concat(output).toString()}`,
          ),
        );
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
  await run(HERE, "apt-get", [...lock, "update"]);
  await run(HERE, "apt-get", [...lock, "install", "-y", "--no-install-recommends", ...wanted]);
}

const QUIET = ["--no-audit", "--no-fund", "--loglevel=error"];

/** code-server brings VS Code along without the packages that VS Code itself needs. */
async function installVsCode(): Promise<void> {
  if (existsSync(path.join(VSCODE, "node_modules/.package-lock.json"))) return;
  await run(HERE, "npm", ["ci", ...QUIET]);
  const production = ["install", "--omit=dev", "--ignore-scripts", ...QUIET];
  await run(path.join(VSCODE, "extensions"), "npm", production);
  await run(VSCODE, "npm", production);
}

async function packageExtension(): Promise<void> {
  if (!existsSync(path.join(EXTENSION, "node_modules"))) await run(EXTENSION, "npm", ["ci", ...QUIET]);
  await run(EXTENSION, "npm", ["run", "package"]);
}

export default async function setup(): Promise<void> {
  await Promise.all([installPrograms(), installVsCode(), packageExtension()]);
}
