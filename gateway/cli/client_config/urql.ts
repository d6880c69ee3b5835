import { stringifyVariables } from "@urql/core";
import type {
  Cache,
  CacheExchangeOpts,
  DataField,
  FieldArgs,
  KeyGenerator,
  KeyingConfig,
  PossibleTypesConfig,
  Resolver,
  ResolverConfig,
} from "@urql/exchange-graphcache";

/** A page in the cache: its key, and the arguments with which it was requested. */
type Page = { key: string; args: FieldArgs };

/** The key of an object without an `id`: it has none. */
const embedded: KeyGenerator = () => null;

/** The key of a part of an entity that has no `id`: where a query selects its own id and the `id` of the entity. */
function partOf(entity: string, ownId: string): KeyGenerator {
  return (data) => {
    const owner = data[entity] as { id?: string } | undefined;
    const ids = [owner?.id, data[ownId]];
    return ids.every(Boolean) ? ids.join(":") : null;
  };
}

/**
 * The resolver of a connection field: pages that follow each other become one list.
 *
 * A page that was requested with `after` has the pages before it in front, and a
 * page that was requested with `before` has the pages behind it at its end. A page
 * that was requested without a cursor stands alone, also one at a place (`around`,
 * `startingAt`).
 *
 * @param listArguments - The arguments that distinguish lists; all others choose a page.
 */
function paging(listArguments: string[]): Resolver {
  const listOf = (args: FieldArgs) =>
    stringifyVariables(listArguments.map((name) => args?.[name] ?? null));
  return (_, args, cache, { parentKey, fieldName }) => {
    const key = cache.resolve(parentKey, fieldName, args);
    if (typeof key !== "string") return undefined; // It has to be requested.
    const others: Page[] = [];
    for (const field of cache.inspectFields(parentKey)) {
      const isOfList =
        field.fieldName === fieldName &&
        listOf(field.arguments) === listOf(args);
      const other = isOfList && cache.resolve(parentKey, field.fieldKey);
      if (typeof other === "string" && hasPartsOf(key, other, cache)) {
        others.push({ key: other, args: field.arguments });
      }
    }
    const pages = chainOf({ key, args }, others, cache);
    return pages.length > 1 ? joined(key, pages, cache) : key;
  };
}

/** The parts of a page that have to be selected of all pages of a list. */
const PARTS = ["edges", "nodes", "precedingCount", "followingCount"];

/** Whether these parts were selected of another page where they were selected of this one. */
function hasPartsOf(page: string, other: string, cache: Cache): boolean {
  return PARTS.every(
    (part) =>
      cache.resolve(page, part) === undefined ||
      cache.resolve(other, part) !== undefined,
  );
}

/** The keys of the pages from the first one to the requested one, or from that to the last one. */
function chainOf(requested: Page, others: Page[], cache: Cache): string[] {
  const isForward = Boolean(requested.args?.["after"]);
  const argument = isForward ? "after" : "before";
  const keys = [requested.key];
  let page: Page | undefined = requested;
  while (page?.args?.[argument]) {
    const cursor: unknown = page.args[argument];
    page = others.find(
      ({ key }) =>
        !keys.includes(key) && cursorOf(key, isForward, cache) === cursor,
    );
    if (page) keys[isForward ? "unshift" : "push"](page.key);
  }
  return keys;
}

/** The cursor at the end of a page, or at its beginning. */
function cursorOf(page: string, isEnd: boolean, cache: Cache) {
  const cursor = pageInfoOf(page, isEnd ? "endCursor" : "startCursor", cache);
  if (cursor !== undefined) return cursor;
  const edges = cache.resolve(page, "edges");
  const edge = Array.isArray(edges) && edges.at(isEnd ? -1 : 0);
  return typeof edge === "string" ? cache.resolve(edge, "cursor") : undefined;
}

function pageInfoOf(
  page: string,
  field: string,
  cache: Cache,
): DataField | undefined {
  const key = cache.resolve(page, "pageInfo");
  return typeof key === "string" ? cache.resolve(key, field) : undefined;
}

/** The requested page, with the items of all pages, the beginning of the first one and the end of the last one. */
function joined(requested: string, pages: string[], cache: Cache) {
  const [first = requested] = pages;
  const last = pages.at(-1) ?? requested;
  const pageInfo = {
    __typename: pageInfoOf(requested, "__typename", cache),
    hasPreviousPage: pageInfoOf(first, "hasPreviousPage", cache),
    startCursor: pageInfoOf(first, "startCursor", cache),
    hasNextPage: pageInfoOf(last, "hasNextPage", cache),
    endCursor: pageInfoOf(last, "endCursor", cache),
  };
  const items = (part: string) =>
    cache.resolve(requested, part) === undefined
      ? undefined
      : pages.flatMap((page) => cache.resolve(page, part));
  // What is undefined is read from the requested page.
  return {
    __typename: cache.resolve(requested, "__typename"),
    edges: items("edges"),
    nodes: items("nodes"),
    precedingCount: cache.resolve(first, "precedingCount"),
    followingCount: cache.resolve(last, "followingCount"),
    pageInfo: pageInfo.__typename === undefined ? undefined : pageInfo,
  };
}

/** What Graphcache has to know of a type. */
function objectType([name, fieldNames]: [string, readonly string[]]) {
  // Graphcache shows null in place of a nullable field that it has not fetched
  // yet. In these types null has a meaning of its own, so that no field may be it.
  const type = { kind: "NON_NULL", ofType: { kind: "SCALAR", name: "Any" } };
  const fields = fieldNames.map((name) => ({ name, type, args: [] }));
  return { kind: "OBJECT", name, fields, interfaces: [] };
}

function abstractType([name, typeNames]: [string, readonly string[]]) {
  const possibleTypes = typeNames.map((name) => ({ kind: "OBJECT", name }));
  return { kind: "UNION", name, possibleTypes };
}
