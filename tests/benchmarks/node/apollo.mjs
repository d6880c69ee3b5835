// A contender: Apollo Server, in Fastify.

import { ApolloServer } from "@apollo/server";
import fastifyApollo, { fastifyApolloDrainPlugin } from "@as-integrations/fastify";
import Fastify from "fastify";
import { schema } from "./schema.mjs";
import { context } from "./upstream.mjs";

const app = Fastify();
const apollo = new ApolloServer({
  schema,
  introspection: true,
  plugins: [fastifyApolloDrainPlugin(app)],
});
await apollo.start();
await app.register(fastifyApollo(apollo), { context });
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
