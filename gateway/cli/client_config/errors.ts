/** An error in a response, as Apollo Client, urql and other clients pass it on. */
export type ResponseError = {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
};

/** The errors that have one code, at one field. */
export type ErrorGroup = {
  /** `extensions.code`; null where there is none, as in an error that another server sent. */
  code: ErrorCode | (string & {}) | null;
  /** The path without the positions in lists, such as `activities.nodes.date`; null where the whole request failed. */
  field: string | null;
  /** How many errors these are; one that stands for several values counts as often, by `extensions.count`. */
  count: number;
  /** The distinct messages, which are written for developers. */
  messages: string[];
  /** Whether a retry of the same request may succeed for at least one of them. */
  retryable: boolean;
};

/** The errors of a response, grouped by code and field, in the order in which these first occur. */
export function groupErrors(
  errors: readonly ResponseError[] | null | undefined,
): ErrorGroup[] {
  const groups = new Map<string, ErrorGroup>();
  for (const { message, path, extensions } of errors ?? []) {
    const { code, count, retryable } = extensions ?? {};
    const names = path?.filter((part) => typeof part === "string");
    const known: Pick<ErrorGroup, "code" | "field"> = {
      code: typeof code === "string" ? code : null,
      field: names?.length ? names.join(".") : null,
    };
    const key = JSON.stringify([known.code, known.field]);
    const group = groups.get(key) ?? {
      ...known,
      count: 0,
      messages: [],
      retryable: false,
    };
    groups.set(key, group);
    group.count += typeof count === "number" ? count : 1;
    if (!group.messages.includes(message)) group.messages.push(message);
    group.retryable ||= retryable === true;
  }
  return [...groups.values()];
}
