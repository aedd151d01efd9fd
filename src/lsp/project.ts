/** One directory that is linted as one program: its files, with the open documents in place of what is on disk. */
import * as path from "node:path";
import type { Program } from "../analyzer/program.js";
import { type Checked, checkInSteps } from "../check.js";
import { checkConfig, type Config, CONFIG_FILE, ConfigError, configFinder, NO_CONFIG } from "../config.js";
import { type Kept, lintInSteps, nothingKept } from "../lint.js";
import { namingModels } from "../models.js";
import { commandLinesOf } from "../project/command-lines.js";
import { DATABASE, readDatabase } from "../project/compilation-database.js";
import { discover, type FoundFile } from "../project/discover.js";
import { isInside } from "../project/files.js";
import { C_FILE, matches } from "../project/ignored.js";
import { type LoadedFile, MAX_FILE_BYTES, toLoaded } from "../project/load.js";
import { NamingIndex } from "../project/naming.js";
import { type ProjectSurroundings, readInTree, surroundingsOf, toSource } from "../project/surroundings.js";
import { rules } from "../rules/index.js";
import { finish, type Steps } from "../steps.js";
import { couldMatter } from "../syntax/family.js";
import type { CommandLine, Include } from "../syntax/unit.js";
import { type Lines, linesOf } from "../text.js";
import { type Layout, plainLayout, relaid } from "./layout.js";
import type { Settings } from "./settings.js";
import { inSlices } from "./slices.js";

/** A workspace folder, all of whose files are linted, or a directory of which only the open documents are. */
export type Extent = "folder" | "documents";

type ProjectSettings = Pick<Settings, "configuration" | "build">;

/** What has become of a file on disk. */
export interface FileChange {
  readonly absolute: string;
  readonly kind: "created" | "changed" | "deleted";
}

/** What is made of the files together; dropped when the list of files changes. */
interface Files {
  readonly config: Config;
  /** By path. */
  readonly found: ReadonlyMap<string, FoundFile<Config>>;
  readonly naming: NamingIndex;
  /** What the build says of a file; undefined where there is no build. */
  readonly commandLineOf: ((path: string) => CommandLine | undefined) | undefined;
  readonly kept: Kept;
}

const NO_BYTES = new Uint8Array();

/** A folder of so few files is looked at before anybody waits for it. */
const FEW_FILES = 100;

/** What a look at the files has come to. */
type Look =
  | { readonly kind: "checked"; readonly checked: Checked }
  | { readonly kind: "failed"; readonly error: unknown };

export class Project {
  /** What is wrong with the configuration, in sentences; the last one that was right still holds. */
  mistake: string | undefined;
  #settings: ProjectSettings;
  #config = NO_CONFIG;
  #files: Files | undefined;
  /** It reads each header once, so it lasts until one of the files changes. */
  #around: ProjectSurroundings<Config> | undefined;
  /** Undefined where something has changed since. */
  #look: Look | undefined;
  /** The look that is under way. */
  #steps: Steps<void> | undefined;
  /** Of a folder that nothing is known of yet: its open documents alone. */
  #early: Project | undefined;
  readonly #open = new Map<string, Layout>();
  /** What is on disk, by path; undefined for a file in which nothing matters. */
  readonly #loaded = new Map<string, LoadedFile<Config> | undefined>();
  readonly #lines = new Map<string, Lines>();

  /** `root` is absolute; the settings' configuration is for where there is no configuration file. */
  constructor(
    readonly root: string,
    readonly extent: Extent,
    settings: ProjectSettings,
  ) {
    this.#settings = settings;
    if (extent === "folder") this.#early = new Project(root, "documents", settings);
  }

  /**
   * The open documents alone, each as far as it can be judged without the rest, while a folder of many files has never
   * been looked at; undefined from then on.
   */
  get early(): Project | undefined {
    if (this.#early !== undefined && this.#filesOfNow().found.size <= FEW_FILES) this.#early = undefined;
    return this.#early;
  }

  /** As findings name a file: relative to the root where it is inside, with forward slashes. */
  shown(absolute: string): string {
    const relative = path.relative(this.root, absolute);
    const outside = relative === ".." || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
    return (outside ? absolute : relative).split(path.sep).join("/");
  }

  absolute(shown: string): string {
    return path.resolve(this.root, shown);
  }

  /** A document was opened, or is another one now. */
  edit(absolute: string, text: string): void {
    this.#early?.edit(absolute, text);
    const file = this.shown(absolute);
    const layout = this.#open.get(file);
    this.#open.set(file, layout === undefined ? plainLayout(text) : relaid(layout, text));
    if (this.#files?.found.has(file) === false) this.#files = undefined;
    this.#changed(file);
  }

  /** A document was closed: what is on disk counts again. */
  close(absolute: string): void {
    this.#early?.close(absolute);
    const file = this.shown(absolute);
    this.#open.delete(file);
    if (this.extent === "documents") this.#files = undefined;
    this.#changed(file);
  }

  /** Files have changed on disk. */
  changedOnDisk(changes: readonly FileChange[]): void {
    this.#early?.changedOnDisk(changes);
    for (const { absolute, kind } of changes) {
      const name = path.basename(absolute);
      const file = this.shown(absolute);
      const configures = name === CONFIG_FILE || name === "package.json";
      if (name === ".gitignore" || (configures && isInside(path.dirname(absolute), this.root)))
        this.#files = undefined;
      else if (this.#settings.build !== undefined && name === DATABASE) this.#files = undefined;
      else if (C_FILE.test(name) && kind !== "changed") this.#files = undefined;
      if (!this.#open.has(file)) this.#changed(file);
    }
    if (this.#files === undefined) this.abandon();
  }

  reconfigure(settings: ProjectSettings): void {
    this.#early?.reconfigure(settings);
    this.#settings = settings;
    this.#files = undefined;
    this.abandon();
  }

  /** Everything is read anew: for clients that do not tell what changes on disk. */
  reload(): void {
    this.#early?.reload();
    this.#loaded.clear();
    this.#files = undefined;
    this.abandon();
  }

  /** What is known holds no longer, and the look that is under way is given up. */
  abandon(): void {
    this.#look = undefined;
    this.#steps?.return();
    this.#steps = undefined;
  }

  #changed(file: string): void {
    this.abandon();
    this.#loaded.delete(file);
    this.#lines.delete(file);
    this.#files?.kept.files.forget(new Set([file]));
    this.#files?.naming.changed(file);
    this.#around = undefined;
  }

  /** Whether what is known holds. */
  get isKnown(): boolean {
    return this.#look !== undefined;
  }

  /** Looks at the files in slices; false where one of them changes meanwhile, or the list of them. Never throws. */
  async lookedAt(): Promise<boolean> {
    if (this.#look === undefined) await inSlices((this.#steps ??= this.#looking()));
    return this.isKnown;
  }

  /** The findings in all files, as of now. What nobody has waited for is found at once. */
  checked(): Checked {
    if (this.#look === undefined) finish((this.#steps ??= this.#looking()));
    if (this.#look?.kind === "checked") return this.#look.checked;
    throw this.#look?.error;
  }

  *#looking(): Steps<void> {
    try {
      const files = this.#filesOfNow();
      const given: LoadedFile<Config>[] = [];
      for (const file of files.found.values()) {
        yield;
        const loaded = this.#load(file);
        if (loaded !== undefined) given.push(loaded);
      }
      const around = this.#surroundings(files);
      const choice = { preset: undefined, rules: {} };
      const checked = yield* checkInSteps(given, {
        lint: lintInSteps,
        rules,
        choice,
        around,
        kept: files.kept,
      });
      this.#look = { kind: "checked", checked };
    } catch (error) {
      this.#look = { kind: "failed", error };
    }
    this.#steps = undefined;
    this.#early = undefined;
  }

  /** What the engine has made of the files; undefined where there is nothing to analyze. */
  program(): Program | undefined {
    this.checked();
    return this.#files?.kept.memory.program;
  }

  /** How an open document lies in the engine's view. */
  layoutOf(file: string): Layout | undefined {
    return this.#open.get(file);
  }

  /** The lines of a file as the client has it; undefined for a file that is not there. */
  linesOf(file: string): Lines | undefined {
    const known = this.#lines.get(file);
    if (known !== undefined) return known;
    const text =
      this.#open.get(file)?.text ??
      this.#read(file)
        ?.toString("utf8")
        .replace(/^\ufeff/, "");
    if (text === undefined) return undefined;
    const lines = linesOf(text);
    this.#lines.set(file, lines);
    return lines;
  }

  #filesOfNow(): Files {
    if (this.#files !== undefined) return this.#files;
    const config = this.#configure();
    const inFolder = this.extent === "folder" ? this.#discover(config) : [];
    const found = new Map(inFolder.map((file) => [file.path, file]));
    for (const file of this.#open.keys()) {
      const absolute = this.absolute(file);
      const ignored = config.ignore !== undefined && matches(config.ignore, absolute, false);
      if (!ignored && !found.has(file)) found.set(file, { path: file, absolute, settings: config });
    }
    const naming = new NamingIndex(
      () => [...found.keys()],
      (file) => this.#read(file)?.toString("latin1"),
    );
    const include: Include = (...asked) => this.#surroundings(this.#filesOfNow()).include(...asked);
    this.#around = undefined;
    const commandLineOf = this.#build(include);
    const kept = nothingKept({ include, commandLineOf });
    return (this.#files = { config, found, naming, commandLineOf, kept });
  }

  /** What the build that the settings name says of files; a mistake where it cannot be read. */
  #build(include: Include): Files["commandLineOf"] {
    const { build } = this.#settings;
    if (build === undefined) return undefined;
    const setting = `the setting build, ${JSON.stringify(build)}`;
    const database = isInside(this.root, this.absolute(build))
      ? readDatabase(this.root, build, setting)
      : `${setting}: is not in the folder ${this.root}; copy or write the database there`;
    if (typeof database === "string") {
      this.mistake ??= database;
      return undefined;
    }
    return commandLinesOf(this.root, database, include, (file) => toSource(file, this.#read(file)));
  }

  #surroundings({ found, naming, commandLineOf }: Files): ProjectSurroundings<Config> {
    const read = (file: string): Buffer | undefined => this.#read(file);
    return (this.#around ??= {
      ...surroundingsOf(this.root, [...found.values()], undefined, read),
      commandLineOf,
      naming: (functions, known) =>
        [...naming.filesNaming(functions)].flatMap((file) => {
          const one = found.get(file);
          if (one === undefined || known.get(file)?.matters === true) return [];
          const bytes = this.#read(file);
          const loaded = bytes === undefined ? undefined : toLoaded(one, bytes, () => true);
          return typeof loaded === "object" ? [loaded] : [];
        }),
    });
  }

  #discover(config: Config): readonly FoundFile<Config>[] {
    return discover({
      cwd: this.root,
      paths: ["."],
      settingsFor: () => config,
      ignoredBy: ({ ignore }) => ignore,
    }).files;
  }

  /** The configuration of the root; while it is not valid, the last one that was. */
  #configure(): Config {
    const before = this.#config;
    try {
      const settings = checkConfig("the editor's settings", this.root, this.#settings.configuration);
      this.#config = configFinder(this.root, { ...settings, source: undefined })(this.root);
      this.mistake = undefined;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.mistake = error.message;
    }
    // A file is loaded with its configuration.
    if (this.#config !== before) this.#loaded.clear();
    return this.#config;
  }

  #load(file: FoundFile<Config>): LoadedFile<Config> | undefined {
    if (this.#loaded.has(file.path)) return this.#loaded.get(file.path);
    const bytes = this.#read(file.path);
    const named = namingModels(file.settings.models);
    const loaded =
      bytes === undefined
        ? undefined
        : toLoaded(file, bytes, (text) => couldMatter(text) || named?.test(text) === true);
    const known = typeof loaded === "object" ? { ...loaded, bytes: NO_BYTES } : undefined;
    this.#loaded.set(file.path, known);
    return known;
  }

  /** The bytes of a file as the engine sees it. */
  #read(file: string): Buffer | undefined {
    const layout = this.#open.get(file);
    if (layout !== undefined) return Buffer.from(sourceText(layout));
    const bytes = readInTree(this.root, file);
    return bytes !== undefined && bytes.length <= MAX_FILE_BYTES ? bytes : undefined;
  }
}

/** A byte order mark is a blank to the engine, so that every offset stays what it is. */
function sourceText({ padded }: Layout): string {
  return padded.replace(/^\ufeff/, " ");
}
