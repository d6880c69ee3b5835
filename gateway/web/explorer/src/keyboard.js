// Escape leaves an editor, in which Tab indents: its frame gets the focus. From there Tab moves on, and Enter comes back.

document.addEventListener("keydown", (event) => {
  // An Escape that closes something of the editor, such as its suggestions, does not come here.
  if (event.key === "Escape" && event.target.closest(".monaco-editor")) {
    event.target.closest('[tabindex="0"]')?.focus();
  }
});
