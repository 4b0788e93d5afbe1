/** What the emitted program takes from the support library. Unused functions leave no trace in the module. */
const IMPORTS: readonly (readonly [file: string, names: string])[] = [
  ["config", "FRAME_BYTES"],
  ["prelude/memory", "FRAME, ARRIVED, FIELDS, RESULT, RESULT_BYTES, shift, fault, clearFault"],
  ["prelude/codes", "ALLOW, HOLD, DENY, QUARANTINE, TERMINATE"],
  [
    "prelude/number",
    "add, subtract, multiply, divide, remainder, negate, multiplyDecimal, divideDecimal, between",
  ],
  ["prelude/text", "textEqual, startsWith, endsWith, like"],
  ["prelude/search", "containsText, takes"],
  ["prelude/path", "pathWithin, sortPaths"],
  ["prelude/url", "decodeUrlText, canonicalUrl, urlScheme, urlHost, urlPort, urlPath, urlQuery"],
  ["prelude/mail", "canonicalEmail, emailLocal, emailDomain"],
  ["prelude/image", "canonicalImage, imageRegistry, imageRepository, imageTag, imageDigest"],
  ["prelude/segments", "pathSegments"],
  ["prelude/host", "canonicalHost, canonicalPattern, hostWithin, hostFits, hostFitsAny, hostIp"],
  ["prelude/address", "canonicalIp, canonicalCidr, ipIn, ipInAny, ipVersion"],
  ["prelude/value", "numberAt, boolAt, enumAt, entityAt, present, inside, insideOr, sizeOf, membersOf"],
  ["prelude/value", "hasNumber, hasBool, hasEnum, hasEntity, hasText, oneOf, rank"],
  ["prelude/document", "decodeDocument"],
  [
    "prelude/document-read",
    "documentText, documentInt, documentDecimal, documentBool, documentSize, documentHas",
  ],
  ["prelude/map", "decodeKey, ascendingKeys, entryOf"],
  ["prelude/sets", "countMembers, wordsWithin, wordsMeet, textsWithin, textsMeet"],
  ["prelude/carried", "carriedCount, carriedType, beginCarried, typeAhead, placeCarried, decodeCarried"],
  ["prelude/carried", "decodeCarriedSet, openCarried, openCarriedRecord, parentCount, parentType"],
  ["prelude/carried", "decodeParent, closeCarried, carriedBelow, carriedBelowAny"],
  ["prelude/entity", "below, belowAny, belowSet, entityNamed, exists, holdsEntity"],
  ["prelude/decode", "decodeBool, decodeEnum, decodeNumber, decodeText, decodeId, decodePath, decodeEntity"],
  ["prelude/decode", "decodeRef"],
  [
    "prelude/decode",
    "decodePresence, decodeCollection, decodeEntities, decodePaths, ascendingNumbers, ascendingText",
  ],
  ["prelude/decode", "fieldBool, fieldEnum, fieldId, fieldEntity, lookUpEntity"],
  ["prelude/directory", "countOf, resolve"],
  ["prelude/families", "textNumber, valueNumber, bucketOf, firstRow, rowsEnd"],
  ["prelude/families", "keysExist, resolveEach, patchEach"],
  ["prelude/facts", "factsAddress, factsCapacity, reserveFacts, openFacts, openType, openRecord, closeFacts"],
  ["prelude/facts", "missLiteral, seal, settings, openSettings, openRecords, closeRecord, closeRecords"],
  ["prelude/tables", "rowCount, rowOf, spanOf, compareWords, compareNumbers, openTable"],
  ["prelude/memory", "refusal, refuse"],
  ["prelude/text", "compareText"],
  ["prelude/frame", "actionOf, now, trust, openFrame, openFields, closeFields, before"],
  ["prelude/approval", "decodeApprovals, approved"],
  ["prelude/result", "concludedGuard"],
  ["prelude/result", "shadowed"],
  ["prelude/local", "age, localAt, localIn, localYear, localMonth, localDay"],
  ["prelude/local", "localHour, localMinute, localSecond, localWeekday"],
  ["prelude/lasts", "lastsLess, lastsAtMost, lastsEqual, lastsBetween, lastsAdd, lastsSubtract"],
  ["prelude/lasts", "lastsAge, lastsNow, lastsAt, lastsIn"],
  [
    "prelude/result",
    "openResult, fired, held, erred, denied, concluded, giveError, giveNumber, giveBool, giveEnum, giveText",
  ],
  [
    "prelude/obligation",
    "openObligations, giveAbsent, giveWide, giveWord, fitNumber, fitLength, fitId, impose, bindObligations",
  ],
];

/** The imports of what this text mentions. */
export function preludeImports(text: string): string {
  const words = new Set(text.match(/\w+/g));
  const lines: string[] = [];
  for (const [file, names] of IMPORTS) {
    const used = names.split(", ").filter((name) => words.has(name));
    if (used.length > 0) lines.push(`import { ${used.join(", ")} } from "./${file}";`);
  }
  return lines.join("\n");
}
