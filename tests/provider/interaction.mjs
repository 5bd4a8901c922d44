// Where a person says who they are.

const FORM = `<!doctype html><html lang="en"><title>Sign in</title>
<form method="post">
  <label>Name <input name="name" autofocus></label>
  <button>Sign in</button>
  <button name="cancel" value="yes" formnovalidate>Cancel</button>
</form></html>`;

const DENIED = { error: "access_denied", error_description: "The person cancelled." };

/** Shows the form, and takes what is sent by it. */
export async function answerInteraction(provider, request, response) {
  try {
    const { prompt } = await provider.interactionDetails(request, response);
    if (prompt.name === "consent") {
      // Of a native client the person is always asked; here the answer is always yes.
      await provider.interactionFinished(request, response, { consent: {} });
    } else if (request.method === "POST") {
      const result = signIn(new URLSearchParams(await text(request)));
      await provider.interactionFinished(request, response, result);
    } else {
      response.setHeader("Content-Type", "text/html");
      response.end(FORM);
    }
  } catch (error) {
    response.statusCode = 400;
    response.end(String(error));
  }
}

function signIn(form) {
  return form.has("cancel") ? DENIED : { login: { accountId: form.get("name") } };
}

async function text(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
