import {
  type FieldPolicy,
  isReference,
  type PossibleTypesMap,
  type Reference,
  type StoreObject,
  type TypePolicies,
} from "@apollo/client";

/** The key of a part of an entity that has no `id`: where a query selects its own id and the `id` of the entity. */
function partOf(
  entity: string,
  ownId: string,
): NonNullable<TypePolicies[string]["keyFields"]> {
  return (_, { typename, storeObject, readField }) => {
    const owner = readField<Reference>(entity, storeObject);
    const ids = [
      readField<string>("id", owner),
      readField<string>(ownId, storeObject),
    ];
    return ids.every(Boolean) && [typename, ...ids].join(":");
  };
}

type Edge = StoreObject & {
  cursor?: string;
  node?: Reference | StoreObject | undefined;
};

/** A page as the gateway sent it, with what was selected of it. */
type Page = StoreObject & {
  edges?: readonly Edge[];
  nodes?: readonly (Reference | StoreObject)[];
  pageInfo?: StoreObject;
};

/** Pages that follow each other, as the cache stores them: one list, whether `edges` or `nodes` are selected. */
type Pages = StoreObject & {
  items?: readonly Edge[];
  pageInfo?: StoreObject;
};

/**
 * The policy of a connection field: its pages become one list.
 *
 * A page with `after` is appended, a page with `before` is prepended, and a page
 * without a cursor replaces the list, also one at a place (`around`, `startingAt`).
 * A page of size zero at a place is no part of the list: its counts are those of the place.
 *
 * @param keyArgs - The arguments that distinguish lists; all others choose a page.
 */
function paging(
  keyArgs: string[],
): FieldPolicy<Pages | null, Page | null, Page | null> {
  return {
    keyArgs: (args) =>
      args?.["first"] === 0 ? [...keyArgs, "around", "startingAt"] : keyArgs,
    read(existing, { canRead }) {
      if (!existing?.items) return existing;
      const { items, ...others } = existing;
      const edges = items.filter(({ node }) => !node || canRead(node));
      const nodes = edges.flatMap(({ node }) => node ?? []);
      // Where a query selected cursors alone, the nodes are unknown.
      return nodes.length === edges.length
        ? { ...others, edges, nodes }
        : { ...others, edges };
    },
    merge(existing, incoming, { args }) {
      const after: string = args?.["after"] ?? "";
      const before: string = args?.["before"] ?? "";
      if (!incoming) {
        // Where a further page failed, the earlier pages remain.
        return after || before ? (existing ?? incoming) : incoming;
      }
      const fields = without(incoming, "edges", "nodes", "pageInfo");
      const knownFields = without(existing ?? undefined, "pageInfo");
      const known = existing?.pageInfo;
      const { pageInfo } = incoming;
      const list = existing?.items ?? [];
      const page = itemsOf(incoming);
      if (!page) {
        return {
          ...knownFields,
          ...fields,
          ...countsOf(knownFields),
          pageInfo: { ...pageInfo, ...known },
        };
      }
      const items = page.map((item) => withKnownFields(item, list));
      if (after && list.length > 0) {
        return {
          ...without(knownFields, FOLLOWING),
          ...without(fields, PRECEDING),
          items: [...itemsUntil(after, list, page), ...items],
          pageInfo: outerPageInfo(known, pageInfo),
        };
      }
      if (before && list.length > 0) {
        const following = itemsUntil(before, [...list].reverse(), page);
        return {
          ...without(knownFields, PRECEDING),
          ...without(fields, FOLLOWING),
          items: [...items, ...following.reverse()],
          pageInfo: outerPageInfo(pageInfo, known),
        };
      }
      const isUnchanged =
        list.length === page.length &&
        list.every((item, index) => isSame(item, page[index]));
      return {
        ...(isUnchanged
          ? knownFields
          : without(knownFields, PRECEDING, FOLLOWING)),
        ...fields,
        items,
        pageInfo: { ...(isUnchanged && known), ...pageInfo },
      };
    },
  };
}

/** The number of activities before a list, and the number of those after it. */
const PRECEDING = "precedingCount";
const FOLLOWING = "followingCount";

function countsOf(fields: StoreObject): StoreObject {
  const entries = Object.entries(fields);
  return Object.fromEntries(
    entries.filter(([name]) => name === PRECEDING || name === FOLLOWING),
  );
}

/** The items of a page; the first and the last get the cursors of `pageInfo`, where they have none. */
function itemsOf({ edges, nodes, pageInfo }: Page): Edge[] | undefined {
  const items: Edge[] | undefined = edges
    ? edges.map((edge, index) => ({ node: nodes?.[index], ...edge }))
    : nodes?.map((node) => ({ node }));
  const first = items?.[0];
  const last = items?.[items.length - 1];
  const { startCursor, endCursor } = pageInfo ?? {};
  if (first && typeof startCursor === "string") first.cursor ??= startCursor;
  if (last && typeof endCursor === "string") last.cursor ??= endCursor;
  return items;
}

/** The items of a list up to a cursor; where no item has it, those before the first that the page repeats. */
function itemsUntil(
  cursor: string,
  list: readonly Edge[],
  page: readonly Edge[],
): Edge[] {
  const last = list.findIndex((item) => item.cursor === cursor);
  if (last >= 0) return list.slice(0, last + 1);
  const repeated = list.findIndex((item) =>
    page.some((other) => isSame(item, other)),
  );
  return list.slice(0, repeated >= 0 ? repeated : list.length);
}

/** An item of a page, with the fields that earlier queries selected of it. */
function withKnownFields(item: Edge, list: readonly Edge[]): Edge {
  const known = list.find((other) => isSame(item, other));
  if (!known) return item;
  const node = item.node ? combine(known.node, item.node) : known.node;
  return { ...known, ...item, node };
}

function isSame(one: Edge, other: Edge | undefined): boolean {
  if (!other) return false;
  if (one.cursor !== undefined && one.cursor === other.cursor) return true;
  return (
    isReference(one.node) &&
    isReference(other.node) &&
    one.node.__ref === other.node.__ref
  );
}

/** The `pageInfo` of consecutive pages: the beginning of the first one, and the end of the last one. */
function outerPageInfo(
  first: StoreObject | undefined,
  last: StoreObject | undefined,
): StoreObject {
  return {
    ...without(first, "hasNextPage", "endCursor"),
    ...without(last, "hasPreviousPage", "startCursor"),
  };
}

function without(
  object: StoreObject | undefined,
  ...names: string[]
): StoreObject {
  const entries = Object.entries(object ?? {});
  return Object.fromEntries(entries.filter(([name]) => !names.includes(name)));
}

/**
 * One value, of which two queries selected different parts.
 *
 * Objects of one type are combined by their fields, and lists of one length by position.
 */
function combine<T>(existing: unknown, incoming: T): T;
function combine(existing: unknown, incoming: unknown): unknown {
  if (Array.isArray(existing) && Array.isArray(incoming)) {
    if (existing.length !== incoming.length) return incoming;
    return incoming.map((item, index) => combine(existing[index], item));
  }
  if (!isTyped(existing) || !isTyped(incoming)) return incoming;
  if (existing.__typename !== incoming.__typename) return incoming;
  const combined: Record<string, unknown> = { ...existing };
  for (const [name, value] of Object.entries(incoming)) {
    combined[name] = combine(existing[name], value);
  }
  return combined;
}

function isTyped(
  value: unknown,
): value is Record<string, unknown> & { __typename: string } {
  return typeof value === "object" && value !== null && "__typename" in value;
}

/** The policy of a list that an activity recorded, which never changes. */
const recorded: FieldPolicy = { merge: combine };
