// What of the feed is shown, and the pause.
import { groups, held, paused, search, setPaused, terminal, terminals, toggleGroup } from './watching.ts'
import { KIND_GROUPS, countText } from './words.ts'

export function Tools() {
  return (
    <div class="tools" role="toolbar" aria-label="What is shown">
      {KIND_GROUPS.map(({ name }) => (
        <button
          key={name}
          type="button"
          aria-pressed={groups.value.has(name)}
          onClick={() => toggleGroup(name)}
        >
          {name}
        </button>
      ))}
      <label>
        <span class="unseen">Terminal</span>
        <select
          value={terminal.value}
          onChange={({ currentTarget }) => (terminal.value = currentTarget.value)}
        >
          <option value="">every terminal</option>
          {terminals.value.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label class="search">
        <span class="unseen">Search</span>
        <input
          id="search"
          type="search"
          placeholder="Search  /"
          value={search.value}
          onInput={({ currentTarget }) => (search.value = currentTarget.value)}
        />
      </label>
      <button
        type="button"
        class="pause"
        aria-pressed={paused.value}
        onClick={() => setPaused(!paused.value)}
      >
        {paused.value ? `Go on (${countText(held.value)} waiting)` : 'Pause'}
      </button>
    </div>
  )
}
