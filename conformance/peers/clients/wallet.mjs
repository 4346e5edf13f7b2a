// The wallet of the suite: POST an invoice, get its preimage.
export async function pay(invoice) {
  const answer = await fetch(`${process.env.L402_DEV_URL}/pay`, { method: "POST", body: invoice });
  const text = (await answer.text()).trim();
  if (!answer.ok) throw new Error(text);
  return text;
}
