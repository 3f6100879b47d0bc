/** What the checks of tdx and sgx have established so far; an attribute that no check has set cannot be read. */

import { type Crl } from "../crl.ts";
import { Fault } from "../errors.ts";
import { Certificates, type PckPath, type SignerPath } from "./chains.ts";
import { type ChainName, type Collateral, type ListName } from "./collateral.ts";
import { type Pck } from "./pck.ts";
import { type Quote } from "./quote.ts";
import { type Rating } from "./rating.ts";
import { type QeIdentity, type TcbInfo } from "./tcb.ts";

interface Later {
  quote: Quote;
  collateral: Collateral;
  path: PckPath;
  pck: Pck;
  tcbInfo: TcbInfo;
  qeIdentity: QeIdentity;
  rating: Rating;
}

/** `issuers` are the paths in the collateral, `crls` its lists; `of` and `set` hold the rest. */
export class Established {
  readonly certificates = new Certificates();
  readonly issuers = new Map<ChainName, SignerPath>();
  readonly crls = new Map<ListName, Crl>();
  readonly #found: Partial<Later> = {};

  /** The value under `name`. Raises Fault where no check has set it. */
  of<Name extends keyof Later>(name: Name): Later[Name] {
    const value: Later[Name] | undefined = this.#found[name];
    if (value === undefined) throw new Fault(`no check has established ${name}`);
    return value;
  }

  /** Keeps `value` under `name`. */
  set<Name extends keyof Later>(name: Name, value: Later[Name]): void {
    this.#found[name] = value;
  }
}
