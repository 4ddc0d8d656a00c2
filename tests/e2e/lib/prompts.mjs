// What the tests, the demo and the benchmark type: beginnings that a writer of English would finish the same way.

/** Each ends where a suggestion may start: after a space, or in the middle of a word. */
export const PROMPTS = [
  "Thank you for your ",
  "I am looking forward to ",
  "Please let me know if you have any ",
  "At the end of the ",
  "I would like to ",
  "In the middle of the ",
  "It is one of the most ",
  "For the first time in his ",
  "On the other side of the ",
  "He was one of the ",
  "The United States of ",
  "As soon as she heard the ",
  "There was nothing to ",
  "As a result of the ",
  "He looked at her for a ",
  "She did not want to ",
  "In the second half of the ",
  "At the beginning of the ",
  "They were not able to ",
  "The first thing you need to ",
  "One of the most import",
  "I do not know what to ",
  "He put his hand on the ",
  "By the end of the nineteenth ",
  "It was the first time that ",
  "There are a number of ",
  "She opened the door and ",
  "We will see each other ",
  "According to the Nation",
  "He shook his ",
];

/** More, for the benchmark: whole sentences, typed key by key. */
export const SENTENCES = [
  "Thank you for your letter, it was very good to hear from you again.",
  "At the end of the day we went back to the house and sat by the fire.",
  "I would like to know whether you can come to the meeting on Monday.",
  "It is one of the most important cities in the north of the country.",
  "She looked at him for a long time and did not say a word.",
  "In the middle of the night there was a knock at the door.",
];
