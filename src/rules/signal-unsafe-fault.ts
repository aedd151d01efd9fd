/** A fault is no interruption: the access is tried again when the handler returns. */
import type { HandlerEvent } from "../analyzer/events.js";
import type { Rule } from "./rule.js";

export const signalUnsafeFault: Rule = {
  id: "signal-unsafe-fault",
  summary: "a handler of SIGSEGV or SIGBUS returns to the fault, or calls what no handler may call",
  why: "When the handler of a fault returns, the same instruction runs again and faults again: the process hangs with a processor at 100 %. printf(), malloc(), exit() and their like may have been interrupted by the fault themselves, and then deadlock or corrupt their data.",
  help: "leave by siglongjmp() or _exit(), or repair the mapping; print with write()",
  severity: "note",
  cwe: [479],
  since: "0.1.0",
  optIn: true,
  references: ["sigaction(2)", "signal-safety(7)", "siglongjmp(3)"],
  silent: [
    "A handler that calls a function of the program: that one may repair the mapping, or not return.",
    "mprotect(), mmap(), siglongjmp(), _exit(), abort(), raise(), signal() or a changed register.",
    "Handlers of other signals, SIG_DFL and SIG_IGN.",
  ],
  on: { handler: (event) => unsafe(event) },
};

function unsafe({ signal, handler, returns, unsafe: called }: HandlerEvent): string | undefined {
  if (returns)
    return `${handler}() returns from ${signal}: the access faults again, and the process hangs for ever`;
  return called === undefined
    ? undefined
    : `${handler}() calls ${called}() on ${signal}, which no signal handler may: it can deadlock where the fault interrupted it`;
}
