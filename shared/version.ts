/**
 * The version of this program, as its beats and `--version` say it; `package.json` must agree (tested).
 */
export const VERSION = '0.1.0';
