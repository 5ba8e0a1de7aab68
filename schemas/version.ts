// The version of Troupe, as the command, the API and the nodes tell it. A spec holds it to package.json.
export const VERSION = '0.1.0';
