import { useState } from 'react';

interface Address {
  /** Who looks: two windows can be two people. */
  as: string;
  /** A channel, or `home`. */
  at: string;
}

/** Who looks at what, kept in the address so that a reload changes nothing. */
export function useAddress(): [Address, (next: Partial<Address>) => void] {
  const [address, setAddress] = useState<Address>(() => {
    const query = new URLSearchParams(location.search);
    return { as: query.get('as') ?? 'U0ANA', at: query.get('at') ?? 'C0OPS' };
  });
  return [
    address,
    (next) => {
      const now = { ...address, ...next };
      setAddress(now);
      history.replaceState(null, '', `?${new URLSearchParams({ ...now })}`);
    },
  ];
}
