// One graph out of two subgraphs, by both libraries that teams compose with.

import assert from "node:assert/strict";

import apollo from "@apollo/composition";
import { composeServices } from "@theguild/federation-composition";
import { buildSchema, parse } from "graphql";

const LIBRARIES = { "@apollo/composition": apollo.composeServices, "@theguild/federation-composition": composeServices };

/** What each library makes of some subgraphs, `{ name, url, sdl }` each: a supergraph with all that the first of them has. */
export function composed(subgraphs) {
  return Object.entries(LIBRARIES).map(([library, compose]) => {
    const { errors, supergraphSdl } = compose(services(subgraphs));
    assert.equal(errors, undefined, `${library}: ${errors?.map((error) => error.message)}`);
    assert.deepEqual(missing(subgraphs[0].sdl, supergraphSdl), [], library);
    return supergraphSdl;
  });
}

/** What the libraries have against some subgraphs that do not fit: the codes of their errors. */
export function refusals(subgraphs) {
  return Object.values(LIBRARIES).map((compose) => [...new Set(compose(services(subgraphs)).errors?.map((error) => error.extensions.code))]);
}

function services(subgraphs) {
  return subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));
}

/** The fields of a subgraph's types that a supergraph lacks. */
function missing(subgraph, supergraph) {
  const types = buildSchema(supergraph, { assumeValidSDL: true }).getTypeMap();
  return parse(subgraph).definitions.flatMap(({ kind, name, fields = [] }) =>
    kind.endsWith("TypeDefinition") ? fields.map((field) => [name.value, field.name.value]).filter(([type, field]) => !types[type]?.getFields()[field]) : [],
  );
}
