import { byId, setText } from '../page/elements.js';
import { letIn } from '../page/letting-in.js';
import { piecesForCustomer } from './pieces.js';
import { Talk } from './talk.js';

const CALL = 'I would like to talk to a person.';

letIn((parts) => {
  const talk = new Talk({ ...parts, pieces: piecesForCustomer, rendered: () => showPartner(talk) });
  byId('call').addEventListener('click', () => talk.say(CALL));
  talk.open('main');
});

/** Say whom the customer is talking to: who joined last, and has not left. */
function showPartner(talk) {
  const { conversation } = talk;
  const handOver = conversation?.turns.findLast(({ content }) =>
    content?.kind === 'joined' || content?.kind === 'left');
  // Anna's words tell it too, where she joined long before what is at hand.
  const word = conversation?.turns.findLast(({ content }) => content?.kind === 'wrote');
  const last = handOver ?? word;
  const name = last?.content.kind === 'left' ? undefined : last?.content.name;
  setText(byId('partner'), name ? `You are talking to ${name}` : 'You are talking to the bot');
  byId('call').hidden = name !== undefined;
}
