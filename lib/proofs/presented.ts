/** A request without a credential for the app. */
export const NOTHING: unique symbol = Symbol('nothing presented');

/** A credential that is malformed, forged, or there twice with different values. */
export const INVALID: unique symbol = Symbol('invalid credential');

/** What a request presented: a verified session id, nothing, or something that is not to be trusted. */
export type Presented = string | typeof NOTHING | typeof INVALID;
