import type {
  KeyGenerator,
  KeyingConfig,
  PossibleTypesConfig,
  ResolverConfig,
} from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";

/** The key of an object without an `id`: it has none. */
const embedded: KeyGenerator = () => null;
