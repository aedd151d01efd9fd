/**
 * The workspace's files for a server that cannot read them: what it may look at is read through the editor, and delivered.
 * To the server every document is a file, `/scheme/authority/path`.
 */
import * as vscode from "vscode";
import type { DeliveredFile } from "./delivery.js";

/** More than this is not read into a browser: what is left out is linted as if it were not there, but when it is opened. */
const MAX_FILES = 3_000;

const WANTED = "**/{*.c,*.h,mmaplint.config.json,package.json,.gitignore}";

const NO_AUTHORITY = "-";

function pathOf({ scheme, authority, path }: vscode.Uri): string {
  return `/${scheme}/${authority === "" ? NO_AUTHORITY : encodeURIComponent(authority)}${path}`;
}

/** Documents that have no file keep their address. */
export const converters = {
  code2Protocol: (uri: vscode.Uri): string =>
    uri.scheme === "untitled"
      ? uri.toString()
      : vscode.Uri.from({ scheme: "file", path: pathOf(uri) }).toString(),
  protocol2Code: (text: string): vscode.Uri => {
    const uri = vscode.Uri.parse(text);
    const [, scheme, authority, path] = /^\/([^/]+)\/([^/]+)(\/.*)$/.exec(uri.path) ?? [];
    if (uri.scheme !== "file" || scheme === undefined || authority === undefined) return uri;
    return uri.with({
      scheme,
      authority: authority === NO_AUTHORITY ? "" : decodeURIComponent(authority),
      path: path ?? "/",
    });
  },
};

async function bytesOf(uri: vscode.Uri): Promise<Uint8Array | undefined> {
  try {
    return await vscode.workspace.fs.readFile(uri);
  } catch {
    return undefined;
  }
}

/** The file as it is now. */
export async function mirrored(uri: vscode.Uri): Promise<DeliveredFile> {
  return [pathOf(uri), await bytesOf(uri)];
}

/** The files of the workspace that the server may look at. */
export async function mirroredWorkspace(): Promise<readonly DeliveredFile[]> {
  const found = await vscode.workspace.findFiles(WANTED, undefined, MAX_FILES);
  // A folder that has none of them is still there: a file of no meaning makes it one.
  const folders = (vscode.workspace.workspaceFolders ?? []).map(({ uri }): DeliveredFile => [
    `${pathOf(uri).replace(/\/$/, "")}/.folder`,
    new Uint8Array(),
  ]);
  return [...folders, ...(await Promise.all(found.map(mirrored)))];
}
