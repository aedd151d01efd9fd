/** What only the whole function tells of an event: what becomes of the same mapping on its other paths. */
import { testKey } from "./assume.js";
import type { Event } from "./events.js";
import type { Flags } from "./flags.js";
import { hasFlag } from "./flags.js";
import type { Cfg } from "./ir.js";
import type { Loops } from "./loops.js";
import type { Mapping } from "./mapping.js";
import { withChildren } from "./processes.js";

/** The events of a function's replay, with what its other paths tell. `plainTests`: as in Context. */
export function inHindsight(
  events: readonly Event[],
  cfg: Cfg,
  loops: Loops,
  plainTests: ReadonlySet<string>,
): readonly Event[] {
  const known = withOtherPaths(withFiles(events), repeatedSites(cfg, loops));
  return withChildren(known).map((event) => withSole(event, plainTests));
}

/** Says of each mapping whether other paths open its file in another place. */
function withFiles(events: readonly Event[]): readonly Event[] {
  const opened = new Map<number, Set<number>>();
  for (const event of events) {
    if (event.kind !== "map" || event.mapping.descriptor === undefined) continue;
    const sites = opened.get(event.site.start) ?? new Set();
    opened.set(event.site.start, sites.add(event.mapping.descriptor.site.start));
  }
  return events.map((event) =>
    event.kind === "map" && (opened.get(event.site.start)?.size ?? 0) > 1
      ? { ...event, severalFiles: true }
      : event,
  );
}

/** What only the whole function tells: does some path release the mapping, hand it over, live without it? */
function withOtherPaths(events: readonly Event[], again: ReadonlySet<number>): readonly Event[] {
  const released = new Set<string>();
  const outsideLoop = new Set<string>();
  const handedOver = new Set<string>();
  const keptInLoop = new Set<string>();
  const tested = new Set<string>();
  const tolerated = new Set<string>();
  const sealed = new Set<string>();
  /** By the site of a test: the functions whose results get there. */
  const callees = new Map<number, Set<string>>();
  for (const event of events) {
    if (event.kind === "unmap" && event.target.mapping !== undefined) {
      released.add(origin(event.target.mapping));
      if (!again.has(event.call.site.start)) outsideLoop.add(origin(event.target.mapping));
    }
    if (event.kind === "protect" && event.target.mapping !== undefined && isReadOnly(event.flags))
      sealed.add(origin(event.target.mapping));
    if (event.kind === "check") tested.add(origin(event.mapping));
    if (event.kind === "result" && event.against === "other") tested.add(event.result);
    if (event.kind === "result" && event.callee !== undefined)
      callees.set(event.site.start, (callees.get(event.site.start) ?? new Set()).add(event.callee));
    if (event.kind === "escape" && event.to !== "call") {
      handedOver.add(origin(event.mapping));
      if (again.has(event.site.start)) keptInLoop.add(origin(event.mapping));
    }
    if (
      event.kind === "exit" &&
      event.mapping.phase === "failed" &&
      (event.returns === "success" || event.returns === "delegated")
    )
      tolerated.add(origin(event.mapping));
  }
  return events.map((event) => {
    if (event.kind === "map")
      return tolerated.has(origin(event.mapping)) ? { ...event, toleratesFailure: true } : event;
    if (event.kind === "protect" && event.target.mapping !== undefined)
      return { ...event, sealed: sealed.has(origin(event.target.mapping)) };
    if (event.kind === "result")
      return {
        ...event,
        testedRight: tested.has(event.result) || (callees.get(event.site.start)?.size ?? 0) > 1,
      };
    if (event.kind === "lose") return { ...event, releasedElsewhere: released.has(origin(event.mapping)) };
    if (event.kind !== "exit") return event;
    const id = origin(event.mapping);
    return {
      ...event,
      testedElsewhere: tested.has(id),
      releasedElsewhere: released.has(id),
      releasedInLoop: (released.has(id) && !outsideLoop.has(id)) || keptInLoop.has(id),
      handedOverElsewhere: handedOver.has(id),
    };
  });
}

function isReadOnly(protection: Flags): boolean {
  return hasFlag(protection, "PROT_READ") === "yes" && hasFlag(protection, "PROT_WRITE") === "no";
}

/** Says of each test whether anything but such results reaches it. */
function withSole(event: Event, plainTests: ReadonlySet<string>): Event {
  const mark = (mapping: Mapping): Mapping =>
    mapping.weakTest === undefined
      ? mapping
      : {
          ...mapping,
          weakTest: { ...mapping.weakTest, sole: !plainTests.has(testKey(mapping.weakTest.site)) },
        };
  if (event.kind === "check") return { ...event, sole: !plainTests.has(testKey(event.site)) };
  if (event.kind === "access" || event.kind === "exit") return { ...event, mapping: mark(event.mapping) };
  if (!("target" in event) || event.target.mapping === undefined) return event;
  return { ...event, target: { ...event.target, mapping: mark(event.target.mapping) } };
}

/** A mapping and the earlier turn's one of the same call are the same line of the program. */
function origin(mapping: Mapping): string {
  return mapping.id.replace(/'+$/, "");
}

/** Where the calls and assignments stand that can run more than once. */
function repeatedSites(cfg: Cfg, { repeated }: Loops): ReadonlySet<number> {
  const sites = new Set<number>();
  for (const block of repeated)
    for (const { kind, site } of cfg.blocks[block]?.instructions ?? [])
      if (kind === "call" || kind === "assign") sites.add(site.start);
  return sites;
}
