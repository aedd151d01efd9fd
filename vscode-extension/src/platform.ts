/** What differs by where the extension runs: a desktop or a remote machine, or a browser. */
import type { BaseLanguageClient, LanguageClientOptions } from "vscode-languageclient";

/** Runs the reproducer of a rule where its output can be seen. */
export type RunReproducer = (rule: string) => Promise<void>;

export interface Platform {
  /** Makes a client of a server that is not started yet. */
  readonly createClient: (options: LanguageClientOptions) => Promise<BaseLanguageClient>;
  /** Undefined where no process can be started. */
  readonly runReproducer: RunReproducer | undefined;
}
