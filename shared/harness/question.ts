/**
 * Whether a harness ended by asking somebody something. Nobody is there to answer: such a run waits for a person. Pure.
 *
 * 1. A courtesy at the end ("let me know if …", "anything else?") is no question.
 * 2. Only the last paragraph asks, with the list of choices behind it; what stands in code does not.
 */

export interface Question {
  /** It waits for an answer, also where work was done: not merely an offer to go on. */
  readonly isStrong: boolean;
  /** The paragraph that asks, with its choices and with what leads to it. */
  readonly text: string;
}

const QUESTION_CHARS = 1_000;

/** Offers and farewells. */
const COURTESIES: readonly RegExp[] = [
  /\blet me know (if|when(ever)?|should|in case)\b/i,
  /\b(feel free|don'?t hesitate|happy to|glad to)\b/i,
  /\b(anything|something|what) else\b/i,
  /\bif (you(['’]d| would)? (like|want|need|prefer|have)|there(['’]s| is)|anything|needed|necessary)\b[^?]*$/i,
  /\b(does (this|that) (help|look (good|right|ok(ay)?)|make sense)|sounds? good|make sense|any (other )?questions)\b/i,
  /\bhow can I (help|assist)\b/i,
];

/** Nothing goes on before somebody has answered. */
const STRONG: readonly RegExp[] = [
  /\bhow (do|would|should|shall|can|may) (you|we|I)\b[^.?!]*\b(proceed|continue|go (on|ahead|forward)|handle|resolve|move forward)\b/i,
  /\b(which|what)\b[^.?!]*\b(should|shall|do you want|would you (like|prefer|want|rather)|do you prefer|can|may) (I|me|we)?\b[^.?!]*\?/i,
  /\bwhich\b[^.?!]*\b(do|would) you\b/i,
  /\b(should|shall|may|can) I (proceed|continue|go ahead|start|stop|wait|overwrite|delete|remove|revert|commit|push|use|keep|instead)\b/i,
  /\b(do|would) you (want|like|prefer|rather)\b[^?]*\bor\b[^?]*\?/i,
  /\bplease (confirm|clarify|advise|choose|decide|specify|provide|tell me|let me know (how|which|what|whether)|select|pick|reply|respond|approve|answer)\b/i,
  /\b(can|could|would) you (please )?(confirm|clarify|provide|specify|tell me|choose|decide|approve|share)\b/i,
  /\blet me know (how|which|what|whether|your)\b/i,
  /\b(await|awaiting|wait(ing)? (for|on)|pending) (your|a|an|the|further|user|operator)('?s)? ?(input|decision|confirmation|answer|response|reply|go-ahead|instructions?|guidance|approval|direction|clarification)\b/i,
  /\bI('ll| will)? need (your|you to|to know|a decision|clarification|more information|permission|approval)\b/i,
  /\b(is (it|that|this) (ok|okay|all right|alright)|are you (ok|okay|fine)) (to|if|with|for)\b/i,
];

/** What the text asks, when its end asks anything. */
export function questionIn(text: string): Question | undefined {
  const asking = lastPart(text);
  if (asking === undefined) return undefined;
  const sentences = sentencesOf(asking.words).filter(
    (sentence) => !COURTESIES.some((courtesy) => courtesy.test(sentence)) || isPlea(sentence),
  );
  const isStrong = sentences.some((sentence) => STRONG.some((ask) => ask.test(sentence)));
  // A heading such as "What changed?" above a list asks nobody.
  const isAsking = !asking.hasList && sentences.some((sentence) => /[?？؟]["'”’)\]*_`]*$/.test(sentence));
  if (!isStrong && !isAsking) return undefined;
  return { isStrong, text: asking.whole.slice(-QUESTION_CHARS) };
}

/** "Please confirm if …" stays a plea, whatever courtesy stands in it. */
const isPlea = (sentence: string): boolean =>
  /\bplease (confirm|choose|decide|specify|provide)\b/i.test(sentence);

interface Part {
  readonly words: string;
  readonly whole: string;
  readonly hasList: boolean;
}

/** The last paragraph, and before a list the one that leads to it, without code. */
function lastPart(text: string): Part | undefined {
  const plain = text.slice(-16_000).replace(/^(```|~~~)[\s\S]*?^\1.*$/gm, '');
  const paragraphs = plain
    .split(/\n[ \t]*\n/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== '' && !/^([-*_=] ?){3,}$/.test(paragraph));
  const last = paragraphs.pop();
  if (last === undefined) return undefined;
  const lists: string[] = [];
  let lead = last;
  while (isList(lead) && paragraphs.length > 0) {
    lists.unshift(lead);
    lead = paragraphs.pop() ?? '';
  }
  const [words, items] = splitList(lead);
  const hasList = lists.length > 0 || items !== '';
  const asking = [lead, ...lists].join('\n\n');
  const before = paragraphs.at(-1);
  const whole = before === undefined ? asking : `${before}\n\n${asking}`;
  return {
    words: words === '' ? lead : words,
    whole: whole.length > QUESTION_CHARS ? asking : whole,
    hasList,
  };
}

const ITEM = /^\s*([-*•+]|\(?[0-9a-zA-Z]{1,2}[.)])\s/;
const isList = (paragraph: string): boolean => ITEM.test(paragraph) && !/[?？؟]\s*$/.test(paragraph);

/** The words that lead to a list within one paragraph, and the list, when the paragraph ends in one. */
function splitList(paragraph: string): [string, string] {
  const lines = paragraph.split('\n');
  const first = lines.findIndex((line) => ITEM.test(line));
  if (first <= 0 || !ITEM.test(lines.at(-1) ?? '')) return [paragraph, ''];
  return [lines.slice(0, first).join('\n'), lines.slice(first).join('\n')];
}

const sentencesOf = (text: string): string[] =>
  text
    .replace(/`[^`\n]*`/g, 'code')
    .replace(/\s+/g, ' ')
    .split(/(?<=[.!?？؟。:])["'”’)\]*_`]*\s+/)
    // Of one without an end only the last words are looked at: some patterns take long over much that repeats.
    .map((sentence) => sentence.slice(-QUESTION_CHARS).trim())
    .filter((sentence) => sentence !== '');
