/** Tasks shared out over a few worker threads, in the order given; answers stand where their tasks stood. */
import { Worker } from 'node:worker_threads'

export async function runPool<Task, Answer>(
  workerFile: URL,
  tasks: readonly Task[],
  threads: number,
  onAnswer: (answer: Answer, task: Task) => void,
): Promise<void> {
  let next = 0
  const one = async () => {
    const worker = new Worker(workerFile)
    try {
      while (next < tasks.length) {
        const task = tasks[next++]!
        onAnswer(await ask<Task, Answer>(worker, task), task)
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(threads, tasks.length) }, one))
}

function ask<Task, Answer>(worker: Worker, task: Task): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      worker.off('message', onMessage)
      worker.off('error', onError)
      worker.off('exit', onExit)
    }
    const onMessage = (answer: Answer) => {
      settle()
      resolve(answer)
    }
    const onError = (error: Error) => {
      settle()
      reject(error)
    }
    const onExit = (code: number) => {
      settle()
      reject(new Error(`a worker thread ended with code ${code}`))
    }
    worker.on('message', onMessage)
    worker.on('error', onError)
    worker.on('exit', onExit)
    worker.postMessage(task)
  })
}
