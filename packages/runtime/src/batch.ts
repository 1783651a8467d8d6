/**
 * Group commit: calls made while a flush is under way wait for the next one, and go into it together.
 * Nothing is delayed when nothing is under way, so a lone call costs one turn of the event loop.
 *
 * `flush` gets 1..max items and returns one outcome each, in order; an Error as an outcome rejects that call
 * alone, a throw rejects all of the flush.
 *
 * A flush begins when the event loop has seen to everything that is ready. Where that is much, `enough` calls begin one
 * in the midst of it: else all that a flush answers comes back together, and makes a flush together again, by turns with
 * the process, each of which waits for the other.
 */
export function groupCommit<Item, Outcome>(
  flush: (items: Item[]) => Promise<(Outcome | Error)[]>,
  options: { max?: number; parallel?: number; enough?: number } = {},
): (item: Item) => Promise<Outcome> {
  const max = options.max ?? 500;
  const parallel = options.parallel ?? 1;
  const enough = options.enough ?? Infinity;
  type Waiting = { item: Item; resolve: (outcome: Outcome) => void; reject: (error: unknown) => void };
  let waiting: Waiting[] = [];
  let flushing = 0;
  let scheduled = false;

  const run = async (group: Waiting[]): Promise<void> => {
    try {
      const outcomes = await flush(group.map((call) => call.item));
      group.forEach((call, i) => {
        const outcome = outcomes[i];
        if (outcome instanceof Error) call.reject(outcome);
        else call.resolve(outcome as Outcome);
      });
    } catch (error) {
      for (const call of group) call.reject(error);
    }
  };
  const pump = (): void => {
    scheduled = false;
    while (waiting.length > 0 && flushing < parallel) {
      const group = waiting.slice(0, max);
      waiting = waiting.slice(max);
      flushing++;
      void run(group).finally(() => {
        flushing--;
        pump();
      });
    }
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (flushing >= parallel) return;
      if (waiting.length >= enough) pump();
      if (scheduled || waiting.length === 0) return;
      scheduled = true;
      setImmediate(pump);
    });
}
