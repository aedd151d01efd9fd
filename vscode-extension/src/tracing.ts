/** The traffic with the server in the output channel, as the setting `mmaplint.trace.server` says. */
import * as vscode from "vscode";

/** The client traces where the channel's log level says so, which few users find: here the setting says so. */
function level(): vscode.LogLevel {
  const wanted = vscode.workspace.getConfiguration("mmaplint").get("trace.server");
  return wanted === "off" ? vscode.LogLevel.Info : vscode.LogLevel.Trace;
}

/** The channel as the client is to trace into it. */
export function tracing(output: vscode.LogOutputChannel): vscode.LogOutputChannel & vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.LogLevel>();
  const listener = vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration("mmaplint.trace.server")) changed.fire(level());
  });
  return Object.create(output, {
    logLevel: { get: level },
    onDidChangeLogLevel: { value: changed.event },
    trace: { value: (message: string, ...rest: unknown[]) => output.info(message, ...rest) },
    dispose: {
      value: () => {
        listener.dispose();
        changed.dispose();
      },
    },
  });
}
