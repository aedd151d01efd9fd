/** What only the whole function tells of an event: what becomes of the same mapping on its other paths. */
import { testKey } from "./assume.js";
import type { Event, MapEvent, ReleaseEvent } from "./events.js";
import type { Flags } from "./flags.js";
import { hasFlag } from "./flags.js";
import type { Cfg } from "./ir.js";
import { type Loops, reached, successors } from "./loops.js";
import type { Mapping } from "./mapping.js";
import { withOpenedPages } from "./opened-pages.js";
import { withChildren } from "./processes.js";

/** The events of a function's replay, with what its other paths tell. `plainTests`: as in Context. */
export function inHindsight(
  events: readonly Event[],
  cfg: Cfg,
  loops: Loops,
  plainTests: ReadonlySet<string>,
): readonly Event[] {
  const known = withOtherPaths(
    withOpenedPages(withFiles(events)),
    repeatedSites(cfg, loops),
    reachability(cfg),
  );
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

/** The mappings, by what some path of the function does with them. */
interface Fates {
  readonly released: Set<string>;
  /** Released outside of every loop. */
  readonly outsideLoop: Set<string>;
  readonly handedOver: Set<string>;
  /** The sites in loops that release a mapping, or hand it over. */
  readonly releasedIn: Map<string, Set<number>>;
  readonly keptIn: Map<string, Set<number>>;
  readonly mayBeReleased: Set<string>;
  /** Also results of calls. */
  readonly tested: Set<string>;
  /** Compared with the address asked for, or another one. */
  readonly compared: Set<string>;
  /** Where it has failed, the function succeeds. */
  readonly tolerated: Set<string>;
  /** Its failure is asked for. */
  readonly found: Set<string>;
  /** Made read-only. */
  readonly sealed: Set<string>;
  /** By the site of a test: the functions whose results get there. */
  readonly callees: Map<number, Set<string>>;
}

function fatesIn(events: readonly Event[], again: ReadonlySet<number>): Fates {
  const fates: Fates = {
    released: new Set(),
    outsideLoop: new Set(),
    handedOver: new Set(),
    releasedIn: new Map(),
    keptIn: new Map(),
    mayBeReleased: new Set(),
    tested: new Set(),
    compared: new Set(),
    tolerated: new Set(),
    found: new Set(),
    sealed: new Set(),
    callees: new Map(),
  };
  for (const event of events) note(fates, event, again);
  return fates;
}

function note(fates: Fates, event: Event, again: ReadonlySet<number>): void {
  switch (event.kind) {
    case "unmap": {
      if (event.target.mapping === undefined) return;
      const id = origin(event.target.mapping);
      fates.released.add(id);
      if (!again.has(event.call.site.start)) fates.outsideLoop.add(id);
      else addTo(fates.releasedIn, id, event.call.site.start);
      return;
    }
    case "protect":
      if (event.target.mapping !== undefined && isReadOnly(event.flags))
        fates.sealed.add(origin(event.target.mapping));
      return;
    case "check":
      fates.tested.add(origin(event.mapping));
      if (event.against === "MAP_FAILED") fates.found.add(origin(event.mapping));
      return;
    case "result":
      if (event.against === "other") fates.tested.add(event.result);
      if (event.callee !== undefined) addTo(fates.callees, event.site.start, event.callee);
      return;
    case "escape": {
      const id = origin(event.mapping);
      if (event.callee !== undefined && RELEASING.test(event.callee)) fates.mayBeReleased.add(id);
      if (event.to === "call") return;
      fates.handedOver.add(id);
      if (again.has(event.site.start)) addTo(fates.keptIn, id, event.site.start);
      return;
    }
    case "exit":
      if (event.mapping.compared || event.mapping.weakTest !== undefined)
        fates.compared.add(origin(event.mapping));
      if (event.mapping.phase === "failed" && (event.returns === "success" || event.returns === "delegated"))
        fates.tolerated.add(origin(event.mapping));
      return;
    default:
      return;
  }
}

/** What only the whole function tells: does some path release the mapping, hand it over, live without it? */
function withOtherPaths(
  events: readonly Event[],
  again: ReadonlySet<number>,
  follows: (exit: number, site: number) => boolean,
): readonly Event[] {
  const fates = fatesIn(events, again);
  const either = endedEitherWay(events);
  return events
    .filter(
      (event) => event.kind !== "release" || !(either.has(event.target.text) || isChosen(event, events)),
    )
    .map((event) => withFates(event, fates, follows));
}

function withFates(event: Event, fates: Fates, follows: (exit: number, site: number) => boolean): Event {
  switch (event.kind) {
    case "map":
      return event.call.direct ? withFailure(event, fates.tolerated, fates.found) : event;
    case "protect": {
      if (event.target.mapping === undefined) return event;
      const id = origin(event.target.mapping);
      // One failure that is asked for may be all that can happen; who asks for several means to tell of each.
      const handedOutChecked = fates.found.has(id) && fates.found.size > 1 && fates.handedOver.has(id);
      return { ...event, sealed: fates.sealed.has(id), handedOutChecked };
    }
    case "result": {
      const several = (fates.callees.get(event.site.start)?.size ?? 0) > 1;
      // What is asked of an error's number first, is not asked in another way by what follows: -1 is none.
      const isTested = fates.tested.has(event.result) && !(event.against === "errno" && event.first);
      return { ...event, testedRight: isTested || several };
    }
    case "lose":
      return { ...event, releasedElsewhere: fates.released.has(origin(event.mapping)) };
    case "exit": {
      const id = origin(event.mapping);
      const isBehind = (sites: ReadonlySet<number> | undefined): boolean =>
        [...(sites ?? [])].some((site) => follows(event.site.start, site));
      return {
        ...event,
        testedElsewhere: fates.tested.has(id),
        comparedElsewhere: fates.compared.has(id),
        releasedElsewhere: fates.released.has(id),
        mayBeReleased: fates.mayBeReleased.has(id),
        releasedInLoop:
          (!fates.outsideLoop.has(id) && isBehind(fates.releasedIn.get(id))) ||
          isBehind(fates.keptIn.get(id)),
        handedOverElsewhere: fates.handedOver.has(id),
      };
    }
    default:
      return event;
  }
}

/** Names of functions that may end what they are given; nothing is known of a call through a pointer. */
const RELEASING =
  /unmap|free|release|close|destroy|delete|put|clean|fini|done|end|exit|shut|disconnect|detach|^$/i;

/** The function that is called unmaps it in another case: it knows how the memory was made. */
function isChosen({ call, target }: ReleaseEvent, events: readonly Event[]): boolean {
  const { mapping } = target;
  if (call.direct) return false;
  return events.some(
    (other) =>
      other.kind === "unmap" &&
      other.call.site.start === call.site.start &&
      mapping !== undefined &&
      other.target.mapping !== undefined &&
      origin(other.target.mapping) === origin(mapping),
  );
}

/**
 * What one call unmaps and another frees, and was mapped on some paths and allocated on others: which it is, a flag says
 * that the path has lost sight of.
 */
function endedEitherWay(events: readonly Event[]): ReadonlySet<string> {
  const mapped = new Set<number>();
  const freed = new Set<string>();
  for (const event of events)
    if (event.kind === "unmap" && event.target.mapping?.source === "mmap") mapped.add(event.call.site.start);
    else if (event.kind === "release" && event.of === "mapping") freed.add(event.target.text);
  return new Set(
    events.flatMap((event) =>
      event.kind === "release" &&
      event.of === "heap" &&
      mapped.has(event.call.site.start) &&
      freed.has(event.target.text)
        ? [event.target.text]
        : [],
    ),
  );
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

function withFailure(event: MapEvent, tolerated: ReadonlySet<string>, found: ReadonlySet<string>): MapEvent {
  const id = origin(event.mapping);
  return { ...event, failure: tolerated.has(id) ? "tolerated" : found.has(id) ? "found" : event.failure };
}

function addTo<Key, One>(groups: Map<Key, Set<One>>, key: Key, one: One): void {
  groups.set(key, (groups.get(key) ?? new Set()).add(one));
}

/** Can control go from a call or assignment to that return? By where they start in the text. */
function reachability(cfg: Cfg): (exit: number, site: number) => boolean {
  const known = new Map<number, ReadonlySet<number>>();
  const exitsFrom = (site: number): ReadonlySet<number> => {
    const at = [...cfg.blocks.keys()].filter((block) =>
      cfg.blocks[block]?.instructions.some((instruction) => instruction.site.start === site),
    );
    const after = reached(at, successors(cfg));
    const ends = [...after].flatMap((block) => cfg.blocks[block]?.terminator ?? []);
    return new Set(ends.flatMap((end) => (end.kind === "return" ? [end.site.start] : [])));
  };
  return (exit, site) => {
    const exits = known.get(site) ?? exitsFrom(site);
    known.set(site, exits);
    return exits.has(exit);
  };
}

/** Where the calls and assignments stand that can run more than once. */
function repeatedSites(cfg: Cfg, { repeated }: Loops): ReadonlySet<number> {
  const sites = new Set<number>();
  for (const block of repeated)
    for (const { kind, site } of cfg.blocks[block]?.instructions ?? [])
      if (kind === "call" || kind === "assign") sites.add(site.start);
  return sites;
}
