/** File descriptors: how they were opened, whether their objects have a size, when they are synced. */
import type { Site } from "../diagnostic.js";
import type { Amount } from "./amount.js";
import { add, constant, constantValue, sameAmount, soleSymbol, subtract, ZERO } from "./amount.js";
import { fresh } from "./call.js";
import type { Call, FileEvent } from "./events.js";
import { flag, hasFlag, openFlagsOfNumber, UNKNOWN_FLAGS } from "./flags.js";
import type { Machine } from "./machine.js";
import type { FileDescriptor, Mapping } from "./mapping.js";
import { tell } from "./mapping.js";
import type { Effect } from "./model/model.js";
import type { Value } from "./value.js";
import { asAmount, asFlags, NULL_VALUE } from "./value.js";

type FileEffect = Extract<
  Effect,
  { readonly kind: "open" | "size" | "syncFile" | "sendFile" | "close" | "handFile" }
>;

/** A call that works on a descriptor; its result where it makes one. */
export function applyToFile(
  m: Machine,
  effect: FileEffect,
  call: Call,
  values: readonly Value[],
): Value | undefined {
  if (effect.kind === "open") return openDescriptor(m, effect, call, values);
  const fd = values[effect.fd];
  switch (effect.kind) {
    case "size":
      sizeDescriptor(m, fd ?? NULL_VALUE, effect.by, call, values[effect.fd + 1]);
      if (effect.by === "truncate")
        resizeMapped(m, fd ?? NULL_VALUE, values[effect.length] ?? NULL_VALUE, call.site);
      return undefined;
    case "syncFile":
      if (fd !== undefined) tellFile(m, fd, call, "sync");
      syncFile(m, effect.fd < 0 ? undefined : (fd ?? NULL_VALUE));
      return undefined;
    case "sendFile":
      if (fd !== undefined) tellFile(m, fd, call, "send");
      return undefined;
    case "close":
    case "handFile":
      if (fd !== undefined)
        noteDescriptor(m, fd, effect.kind === "close" ? { closed: true } : { handed: true, passed: true });
      return undefined;
  }
}

/** Nobody else can have made the object: it is new, or emptied, or this is the program's own main file. */
function isOwned(m: Machine, call: Call, values: readonly Value[]): boolean {
  const flags = asFlags(values[1]);
  if (hasFlag(flags, "O_CREAT") !== "yes" || call.args[0]?.text === "SHM_ANON") return false;
  return (
    hasFlag(flags, "O_EXCL") === "yes" || hasFlag(flags, "O_TRUNC") === "yes" || m.context.defines("main")
  );
}

function openDescriptor(
  m: Machine,
  effect: Effect & { readonly kind: "open" },
  call: Call,
  values: readonly Value[],
): Value {
  const result = fresh(m, call.function);
  const symbol = result.kind === "amount" ? soleSymbol(result.amount) : undefined;
  const path = effect.path === undefined ? undefined : values[effect.path];
  const created = call.function === "creat" ? flag("O_WRONLY") : UNKNOWN_FLAGS;
  const descriptor: FileDescriptor = {
    origin: effect.origin,
    mode: effect.flags === undefined ? created : asFlags(values[effect.flags], openFlagsOfNumber),
    path: path?.kind === "string" ? path.value : undefined,
    site: call.site,
    sized: false,
    truncated: undefined,
    written: false,
    closed: false,
    handed: false,
    passed: false,
    leftBehind: effect.origin === "shm_open" && isOwned(m, call, values) && !m.context.unlinksShared(),
  };
  if (symbol !== undefined) m.state.descriptors.set(symbol.id, descriptor);
  return result;
}

export function descriptorOf(m: Machine, fd: Value): FileDescriptor | undefined {
  const symbol = fd.kind === "amount" ? soleSymbol(fd.amount) : undefined;
  if (symbol === undefined) return undefined;
  const { origin } = symbol;
  return (
    m.state.descriptors.get(symbol.id) ?? (origin.kind === "load" ? openedElsewhere(m, origin) : undefined)
  );
}

/** A variable at file scope that the file opens one device for, and nothing else. */
function openedElsewhere(
  { context }: Machine,
  { place }: { readonly place: string },
): FileDescriptor | undefined {
  const name = /^::(?:static:)?(\w+)(?:@|$)/.exec(place)?.[1];
  const path = name === undefined ? undefined : context.openedFor(name);
  if (path === undefined) return undefined;
  return {
    origin: "open",
    mode: UNKNOWN_FLAGS,
    path,
    site: { file: context.cfg.file, start: 0, end: 0 },
    sized: false,
    truncated: undefined,
    written: false,
    closed: false,
    handed: true,
    passed: true,
    leftBehind: false,
  };
}

export function noteDescriptor(
  m: Machine,
  fd: Value,
  change: Partial<Pick<FileDescriptor, "closed" | "handed" | "passed">>,
): void {
  const symbol = fd.kind === "amount" ? soleSymbol(fd.amount) : undefined;
  const descriptor = symbol === undefined ? undefined : m.state.descriptors.get(symbol.id);
  if (symbol !== undefined && descriptor !== undefined)
    m.state.descriptors.set(symbol.id, { ...descriptor, ...change });
}

/** `ioctl(fd, FBIOGET_VSCREENINFO, …)`: the request is a driver's own, and no disk lies behind the descriptor. */
export function noteRequest(
  m: Machine,
  callee: string | undefined,
  values: readonly Value[],
  request: string,
): void {
  const [fd] = values;
  const symbol = callee === "ioctl" && fd?.kind === "amount" ? soleSymbol(fd.amount) : undefined;
  const descriptor = symbol === undefined ? undefined : m.state.descriptors.get(symbol.id);
  if (symbol === undefined || descriptor?.origin !== "open") return;
  if (/^[A-Z]\w{3,}$/.test(request) && !OF_FILES.test(request))
    m.state.descriptors.set(symbol.id, { ...descriptor, origin: "device" });
}

/** Requests to file systems, to disks, and those that any descriptor may be given to see what it is. */
const OF_FILES =
  /^(?:FS_|FI[A-Z]|EXT[234]|XFS|BTRFS|F2FS|OCFS|GFS|NILFS|ZFS|CEPH|FUSE|FSCRYPT|BLK|BLOCK|HDIO|LOOP|DASD|DIOC|DKIOC|CDROM|SG_|SCSI|NVME|MTD|MEM|UBI|DM_|TC|TIO|_IO)/;

/** The descriptor of a mapping when the function ends: handed on when it is returned. */
export function descriptorAtExit(
  { state }: Machine,
  mapping: Mapping,
  returned: Value | undefined,
): FileDescriptor | undefined {
  const symbol = mapping.fd?.kind === "amount" ? soleSymbol(mapping.fd.amount) : undefined;
  const descriptor = symbol === undefined ? undefined : state.descriptors.get(symbol.id);
  if (symbol === undefined || descriptor === undefined) return undefined;
  const holds = (value: Value | undefined): boolean =>
    value?.kind === "amount" && value.amount.terms.some((term) => term.symbol.id === symbol.id);
  return holds(returned) ? { ...descriptor, handed: true } : descriptor;
}

/** The mappings of a file that are there now. */
function mappedFrom({ state }: Machine, fd: Value): readonly Mapping[] {
  const amount = asAmount(fd);
  if (amount === undefined) return [];
  return [...state.mappings.values()].filter(
    (mapping) => mapping.phase === "live" && sameAmount(asAmount(mapping.fd) ?? constant(-2), amount),
  );
}

function tellFile(m: Machine, fd: Value, call: Call, use: FileEvent["use"]): void {
  const descriptor = descriptorOf(m, fd);
  for (const mapping of mappedFrom(m, fd))
    m.emit?.({ kind: "file", site: call.site, function: m.context.cfg.name, mapping, call, use, descriptor });
}

/** ftruncate(): what is mapped past the new end is gone. */
function resizeMapped(m: Machine, fd: Value, size: Value, site: Site): void {
  const length = asAmount(size);
  for (const mapping of mappedFrom(m, fd)) {
    const end = mapping.length === undefined ? undefined : add(mapping.length, mapping.offset ?? ZERO);
    const isShorter =
      length !== undefined &&
      (constantValue(length) === 0 || (end !== undefined && (constantValue(subtract(end, length)) ?? 0) > 0));
    m.state.update(mapping.id, {
      shrunk: isShorter ? { site, length } : undefined,
      history: isShorter ? tell(mapping, site, "the file is made shorter here") : mapping.history,
    });
  }
}

/** `length`: the size that the call gives, where it gives one. */
function sizeDescriptor(
  m: Machine,
  fd: Value,
  by: (Effect & { readonly kind: "size" })["by"],
  call: Call,
  length: Value | undefined,
): void {
  const symbol = fd.kind === "amount" ? soleSymbol(fd.amount) : undefined;
  if (symbol === undefined) return;
  const truncates = by === "truncate";
  const allocates = by !== "write" && !truncates;
  const known = m.state.descriptors.get(symbol.id);
  const empties = constantValue(asAmount(length)) === 0;
  m.state.descriptors.set(symbol.id, {
    origin: "other",
    mode: UNKNOWN_FLAGS,
    path: undefined,
    site: call.site,
    closed: false,
    handed: true,
    passed: true,
    leftBehind: false,
    ...known,
    sized: true,
    written: known?.written === true || by === "write",
    truncated:
      truncates && !empties
        ? { site: call.site, ignored: call.used === false, size: asAmount(length) }
        : truncates || allocates
          ? undefined
          : known?.truncated,
  });
}

function syncFile(m: Machine, fd: Value | undefined): void {
  for (const mapping of m.state.mappings.values()) {
    if (
      fd === undefined ||
      (mapping.fd !== undefined &&
        asAmount(fd) !== undefined &&
        constantValue(subtract(asAmount(fd) as Amount, asAmount(mapping.fd) ?? constant(-2))) === 0)
    ) {
      m.state.update(mapping.id, { written: undefined, asyncAt: undefined });
    }
  }
}
