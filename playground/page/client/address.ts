import { useCallback, useEffect, useState } from 'react';

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
  useEffect(() => history.replaceState(null, '', `?${new URLSearchParams({ ...address })}`), [address]);
  const move = useCallback((next: Partial<Address>) => setAddress((now) => ({ ...now, ...next })), []);
  return [address, move];
}
