/** Where the extension is, and the program that it brings along. */
import { fileURLToPath } from "node:url";

export const EXTENSION = fileURLToPath(new URL("../", import.meta.url));
export const PROGRAM = fileURLToPath(new URL("../../", import.meta.url));
