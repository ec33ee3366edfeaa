// Loaded before a node (`node --import`): on SIGUSR2 its event loop stands and never turns again.
process.on('SIGUSR2', () => {
  for (;;);
})
