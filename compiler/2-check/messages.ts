/** Every code that this phase can give, each with one constructor in the files named here. */
import { codes as collectionCodes } from "./messages-collections.ts";
import { codes as definitionCodes } from "./messages-definitions.ts";
import { codes as entityCodes } from "./messages-entities.ts";
import { codes as fileCodes } from "./messages-files.ts";
import { codes as nameCodes } from "./messages-names.ts";
import { codes as obligationCodes } from "./messages-obligations.ts";
import { codes as patternCodes } from "./messages-patterns.ts";
import { codes as provenanceCodes } from "./messages-provenance.ts";
import { codes as ruleCodes } from "./messages-rules.ts";
import { codes as shapeCodes } from "./messages-shapes.ts";
import { codes as testCodes } from "./messages-tests.ts";
import { codes as timeCodes } from "./messages-time.ts";
import { codes as typeCodes } from "./messages-types.ts";
import { codes as warningCodes } from "./messages-warnings.ts";

export const codes: readonly string[] = [
  ...nameCodes,
  ...fileCodes,
  ...typeCodes,
  ...collectionCodes,
  ...entityCodes,
  ...patternCodes,
  ...shapeCodes,
  ...ruleCodes,
  ...definitionCodes,
  ...obligationCodes,
  ...timeCodes,
  ...testCodes,
  ...warningCodes,
  ...provenanceCodes,
];
