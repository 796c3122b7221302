// What every page of a simulator does: it calls the small JSON API, makes elements, and says what went wrong.
// Text only ever becomes text nodes, so nothing in a message can run.

export const $ = (id) => document.getElementById(id);
export const time = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
export const chosen = () => `phones/${encodeURIComponent($("person").value)}`;

export async function call(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, options || {});
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

export function make(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

// A function that does some work and then draws; `#problem` shows what failed until something succeeds.
export function guarding(refresh) {
  return async (work = async () => {}) => {
    let problem = "";
    try {
      await work();
      await refresh();
    } catch (error) {
      problem = error instanceof TypeError ? "The simulator does not answer." : error.message;
    }
    $("problem").textContent = problem;
    $("problem").hidden = !problem;
  };
}

// Lists all people in `#person`, and selects one; returns how many there are.
export async function offerPeople(wanted) {
  const { phones } = await call("phones");
  $("person").replaceChildren(...phones.map(({ name }) => new Option(name, name)));
  if (phones.some(({ name }) => name === wanted)) $("person").value = wanted;
  return phones.length;
}
