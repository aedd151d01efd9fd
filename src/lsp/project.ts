/** One directory that is linted as one program: its files, with the open documents in place of what is on disk. */
import * as path from "node:path";
import { type Checked, check } from "../check.js";
import { type Config, configFinder } from "../config.js";
import { lint } from "../lint.js";
import { namingModels } from "../models.js";
import { discover, type FoundFile } from "../project/discover.js";
import { readRegularFile } from "../project/files.js";
import { type LoadedFile, MAX_FILE_BYTES, toLoaded } from "../project/load.js";
import { surroundingsOf } from "../project/surroundings.js";
import { rules } from "../rules/index.js";

/** The texts of open documents by absolute path. */
export type Overlay = ReadonlyMap<string, string>;

export class Project {
  constructor(readonly root: string) {}

  check(overlay: Overlay): Checked {
    const settingsFor = configFinder(this.root);
    const { files: found } = discover({
      cwd: this.root,
      paths: ["."],
      settingsFor,
      ignoredBy: ({ ignore }: Config) => ignore,
    });
    const files = found.flatMap((file) => {
      const loaded = this.#load(file, overlay);
      return loaded === undefined ? [] : [loaded];
    });
    return check(files, {
      lint,
      rules,
      choice: { preset: undefined, rules: {} },
      around: surroundingsOf(this.root, found, undefined),
    });
  }

  #load(file: FoundFile<Config>, overlay: Overlay): LoadedFile<Config> | undefined {
    const text = overlay.get(file.absolute);
    const content =
      text === undefined ? readRegularFile(file.absolute, MAX_FILE_BYTES) : { bytes: Buffer.from(text) };
    if (!("bytes" in content)) return undefined;
    const named = namingModels(file.settings.models);
    const loaded = toLoaded(file, content.bytes, (raw) => named?.test(raw) === true);
    return typeof loaded === "object" ? loaded : undefined;
  }

  /** As the linter shows a path: relative to the root, with forward slashes. */
  shown(absolute: string): string {
    return path.relative(this.root, absolute).split(path.sep).join("/");
  }
}
