// The manager's page: what happens in the store, live, also without the internet.
import { useSignalEffect } from '@preact/signals'
import { render } from 'preact'
import { Banner } from './banner.tsx'
import { Detail } from './detail.tsx'
import { Figures } from './figures.tsx'
import { Header } from './header.tsx'
import { Login } from './login.tsx'
import { Rows } from './rows.tsx'
import { token } from './session.ts'
import { Tools } from './tools.tsx'
import { opened, paused, privacy, setPaused, watch } from './watching.ts'

function Page() {
  useSignalEffect(() => (token.value === null ? undefined : watch()))
  if (token.value === null) return <Login />
  return (
    <div class={privacy.value ? 'private' : ''}>
      <Header />
      <Banner />
      <main>
        <Figures />
        <Tools />
        <Rows />
      </main>
      <Detail />
    </div>
  )
}

addEventListener('keydown', (event) => {
  const { target, key } = event
  if (key === 'Escape') opened.value = null
  if (
    target instanceof HTMLInputElement ||
    target instanceof HTMLSelectElement ||
    event.ctrlKey ||
    event.metaKey
  )
    return
  if (key === 'p') setPaused(!paused.value)
  if (key === '/') {
    event.preventDefault()
    document.getElementById('search')?.focus()
  }
})

const at = document.getElementById('page')
if (at !== null) render(<Page />, at)
