// What comes from outside enters a page as text, never as markup.
export function element(name, className, text) {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  made.textContent = text
  return made
}
