import { spawn, spawnSync } from 'node:child_process'
import { constants } from 'node:os'

/** Children of set-up steps, ended when set-up is interrupted. */
const running = new Set()

/**
 * Runs a program and gathers what it prints: { code, output }. A program that is not there has code 127. It has a
 * process group of its own, so that what it starts in turn can be ended with it.
 */
export function capture(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(child)
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    const finish = (code) => {
      running.delete(child)
      resolve({ code, output })
    }
    child.on('error', (error) => {
      output += String(error)
      finish(error.code === 'ENOENT' ? 127 : 126)
    })
    child.on('close', (code) => finish(code ?? 1))
  })
}

/** What a short program prints, trimmed; undefined when it is not there, fails or takes over ten seconds. */
export function answerOf(program, args) {
  const { status, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: 10_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return status === 0 ? stdout.trim() : undefined
}

/** Ends what set-up steps have running, by force after `graceMs`, and resolves when all of it is gone. */
export async function stopRunning(graceMs = 2000) {
  const children = [...running]
  const gone = children.map((child) => new Promise((resolve) => child.once('close', resolve)))
  for (const child of children) signalGroup(child, 'SIGTERM')
  const force = setTimeout(() => {
    for (const child of children) signalGroup(child, 'SIGKILL')
  }, graceMs)
  await Promise.all(gone)
  clearTimeout(force)
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal)
  } catch {
    // Gone already, or it never started.
  }
}

/**
 * Runs the real command on this terminal and resolves to its exit code. Signals sent to this process reach it. Ctrl-C
 * in a terminal goes to the whole foreground group, so the command has it already and gets it from there only.
 */
export function hand(program, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
      })
    }
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0)))
  })
}
