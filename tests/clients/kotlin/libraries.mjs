// Where Kotlin's compiler is, which is from npm, and what programs need to run, which is from there and from requirements.lock.

import { readdirSync } from "node:fs";
import { join } from "node:path";

export const HERE = import.meta.dirname;
export const COMPILER = join(HERE, "node_modules", "kotlin-compiler");

const JARS = join(HERE, "libraries", "run_kotlin_kernel", "jars");
const serialization = readdirSync(JARS).filter((name) => name.startsWith("kotlinx-serialization-"));

export const LIBRARIES = [join(COMPILER, "lib", "kotlin-stdlib.jar"), ...serialization.map((name) => join(JARS, name))];
