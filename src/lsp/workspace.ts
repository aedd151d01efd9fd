/** The folders and documents that a client has open, and which project answers for which document. */
import * as path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { C_FILE } from "../project/ignored.js";
import { linesOf } from "../text.js";
import { changed, type OpenDocument, type TextChange } from "./documents.js";
import type { Encoding } from "./positions.js";
import { type Extent, type FileChange, Project } from "./project.js";
import type { Settings } from "./settings.js";

/** A document, and the project that answers for it under that path. */
export interface Place {
  readonly document: OpenDocument;
  readonly project: Project;
  /** As findings name it. */
  readonly file: string;
}

/** The settings that hold in a directory. */
export type SettingsFor = (directory: string) => Settings;

export class Workspace {
  encoding: Encoding = "utf-16";
  readonly #folders = new Map<string, Project>();
  /** Directories outside of the folders that documents were opened from. */
  readonly #others = new Map<string, Project>();
  readonly #documents = new Map<string, OpenDocument>();

  constructor(readonly settingsFor: SettingsFor) {}

  get projects(): readonly Project[] {
    return [...this.#folders.values(), ...this.#others.values()];
  }

  /** Looks at what has changed; false where something has changed meanwhile, so that it is to be asked again. */
  async lookedAt(): Promise<boolean> {
    for (const project of this.projects) if (!(await project.lookedAt())) return false;
    return this.projects.every(({ isKnown }) => isKnown);
  }

  /** Looks at the open documents of the folders that nothing is known of yet; whether there are such folders. */
  async lookedAtEarly(): Promise<boolean> {
    const early = this.projects.flatMap((project) => project.early ?? []);
    for (const project of early) await project.lookedAt();
    return early.length > 0;
  }

  get documents(): readonly OpenDocument[] {
    return [...this.#documents.values()];
  }

  addFolder(uri: string): void {
    const root = pathOf(uri);
    if (root === undefined || this.#folders.has(root)) return;
    this.#folders.set(root, this.#project(root, "folder"));
    this.#assignAnew();
  }

  removeFolder(uri: string): void {
    const root = pathOf(uri);
    if (root === undefined) return;
    this.#folders.get(root)?.abandon();
    if (this.#folders.delete(root)) this.#assignAnew();
  }

  open(uri: string, language: string, version: number, text: string): void {
    if (language !== "c" && !C_FILE.test(uri)) return;
    this.#documents.set(uri, { uri, version, lines: linesOf(text) });
    this.#tell(uri);
  }

  change(uri: string, version: number, changes: readonly TextChange[]): void {
    const document = this.#documents.get(uri);
    if (document === undefined) return;
    this.#documents.set(uri, changed(document, version, changes, this.encoding));
    this.#tell(uri);
  }

  close(uri: string): void {
    const place = this.placeOf(uri);
    this.#documents.delete(uri);
    place?.project.close(place.project.absolute(place.file));
  }

  /** Where a document belongs; undefined for one that is not open, or not C. */
  placeOf(uri: string): Place | undefined {
    const document = this.#documents.get(uri);
    if (document === undefined) return undefined;
    const absolute = absoluteOf(uri);
    const project = this.#projectOf(absolute);
    return { document, project, file: project.shown(absolute) };
  }

  /** The address of a project's file, as the client has it where it is open. */
  uriOf(project: Project, file: string): string {
    const absolute = project.absolute(file);
    const open = this.documents.find(({ uri }) => absoluteOf(uri) === absolute);
    return open?.uri ?? pathToFileURL(absolute).href;
  }

  filesChanged(changes: readonly { readonly uri: string; readonly kind: FileChange["kind"] }[]): void {
    const known = changes.flatMap(({ uri, kind }) => {
      const absolute = pathOf(uri);
      return absolute === undefined ? [] : [{ absolute, kind }];
    });
    for (const project of this.projects) project.changedOnDisk(known);
  }

  reload(): void {
    for (const project of this.projects) project.reload();
  }

  reconfigure(): void {
    for (const project of this.projects) project.reconfigure(this.settingsFor(project.root));
  }

  #project(root: string, extent: Extent): Project {
    return new Project(root, extent, this.settingsFor(root));
  }

  /** The innermost folder that the file is in, else its directory. */
  #projectOf(absolute: string): Project {
    let innermost: Project | undefined;
    for (const project of this.#folders.values()) {
      const inside = absolute.startsWith(
        project.root.endsWith(path.sep) ? project.root : project.root + path.sep,
      );
      if (inside && project.root.length > (innermost?.root.length ?? -1)) innermost = project;
    }
    if (innermost !== undefined) return innermost;
    const directory = path.dirname(absolute);
    const other = this.#others.get(directory) ?? this.#project(directory, "documents");
    this.#others.set(directory, other);
    return other;
  }

  #tell(uri: string): void {
    const place = this.placeOf(uri);
    place?.project.edit(place.project.absolute(place.file), place.document.lines.text);
  }

  /** The folders are others now, so documents may belong elsewhere. */
  #assignAnew(): void {
    for (const project of this.projects) project.abandon();
    this.#others.clear();
    for (const [root] of this.#folders) this.#folders.set(root, this.#project(root, "folder"));
    for (const uri of this.#documents.keys()) this.#tell(uri);
  }
}

/** The path behind a file's address; undefined for what is no file. */
function pathOf(uri: string): string | undefined {
  try {
    return path.resolve(fileURLToPath(uri));
  } catch {
    return undefined;
  }
}

/** A document that is on no disk, as `untitled:Untitled-1`, lies alone in a directory that cannot be. */
const NOWHERE = path.resolve("/", "\u0000");

function absoluteOf(uri: string): string {
  return pathOf(uri) ?? path.join(NOWHERE, encodeURIComponent(uri), `${uri.replace(/^.*[/:]/, "")}`);
}
