// The version of this program. A spec holds it to package.json, which a bundled program does not have beside it.

export const VERSION = '0.1.0';
